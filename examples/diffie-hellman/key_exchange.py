"""Two sides agree on a secret key while everybody listens (Diffie and Hellman, 1976).

For understanding, not for use: nothing here shows who the other side is.
"""

import hashlib
import hmac
import secrets

# Group 14 of RFC 3526: a prime of 2048 bits whose generator is 2.
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2


class KeyExchange:
    """One side of an agreement.

    Attributes:
        public: What to tell the other side; it is too large for some serializers, so it is told as text.
    """

    def __init__(self) -> None:
        self._private = secrets.randbits(512)
        self.public = f"{pow(GENERATOR, self._private, PRIME):x}"

    def key(self, other: str) -> bytes:
        """The key that both sides get, from what the other one told.

        Raises:
            ValueError: If that would make the key known to everybody.
        """
        number = int(other, 16)
        if not 1 < number < PRIME - 1:
            raise ValueError("the other side's public number is out of range: expected 2 to PRIME - 2")
        shared = pow(number, self._private, PRIME)
        return hashlib.sha256(shared.to_bytes(256, "big")).digest()


def seal(key: bytes, text: str) -> str:
    """What shows that a text comes from who has the key."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def fingerprint(key: bytes) -> str:
    """What people can compare, and nobody can make the key of."""
    return hashlib.sha256(b"fingerprint" + key).hexdigest()[:8]
