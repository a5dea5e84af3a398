"""Messages of protocol 48, for programs that speak it by themselves."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from Pyro4 import constants, errors
from Pyro4.configuration import config
from Pyro4.facade.failures import classic_errors
from pyro_core.names import ANNOTATION_HMAC, PING_SERIALIZER_ID
from pyro_core.setting_groups import MESSAGE_LIMIT
from pyro_core.wire import message as native
from pyro_core.wire import v48
from pyro_core.wire.compression import inflate
from pyro_core.wire.header import TAG, pack_annotations
from pyro_core.wire.sealed import signature

__all__ = ["Message", "secure_compare"]

MSG_CONNECT: Final = native.CONNECT
MSG_CONNECTOK: Final = native.CONNECT_OK
MSG_CONNECTFAIL: Final = native.CONNECT_FAIL
MSG_INVOKE: Final = native.INVOKE
MSG_RESULT: Final = native.RESULT
MSG_PING: Final = native.PING
FLAGS_EXCEPTION: Final = 1 << 0
FLAGS_COMPRESSED: Final = 1 << 1
FLAGS_ONEWAY: Final = 1 << 2
FLAGS_BATCH: Final = 1 << 3
FLAGS_META_ON_CONNECT: Final = 1 << 4
FLAGS_ITEMSTREAMRESULT: Final = 1 << 5
FLAGS_KEEPSERIALIZED: Final = 1 << 6

_CHUNK: Final = struct.Struct("!4sH")


def secure_compare(a: Any, b: Any) -> bool:
    """Whether two digests are the same, in a time that does not tell where they differ."""
    from hmac import compare_digest  # not at the top: few have a key, and loading OpenSSL takes long

    return compare_digest(a, b)


class Message:
    """One message, with the numbers as they are in its header.

    Args:
        msgType: One of the ``MSG_`` numbers.
        databytes: The payload.
        serializer_id: Number of the payload's serializer.
        flags: ``FLAGS_`` of this module.
        seq: Sequence number.
        annotations: Four-letter id -> value.
        hmac_key: Key to sign the message with; None for none.

    Attributes:
        type: The kind of message.
        data: The payload.
        data_size: Its size, as the header says.
        annotations_size: Size of all annotations.
    """

    __slots__ = (
        "annotations",
        "annotations_size",
        "data",
        "data_size",
        "flags",
        "hmac_key",
        "seq",
        "serializer_id",
        "type",
    )
    header_format = "!4sHHHHiHHHH"
    header_size = v48.HEADER_SIZE
    checksum_magic = 0x34E9

    def __init__(
        self,
        msgType: int,
        databytes: bytes,
        serializer_id: int,
        flags: int,
        seq: int,
        annotations: Mapping[str, bytes] | None = None,
        hmac_key: bytes | None = None,
    ) -> None:
        self.type = msgType
        self.flags = flags
        self.seq = seq
        self.data = databytes
        self.data_size = len(databytes)
        self.serializer_id = serializer_id
        self.annotations: dict[str, bytes] = dict(annotations or {})
        self.hmac_key = hmac_key
        if hmac_key:
            self.annotations[ANNOTATION_HMAC] = self.hmac()
        self.annotations_size = sum(_CHUNK.size + len(value) for value in self.annotations.values())

    def __repr__(self) -> str:
        kind = type(self)
        return (
            f"<{kind.__module__}.{kind.__qualname__} at {id(self):x}; type={self.type} flags={self.flags} "
            f"seq={self.seq} datasize={self.data_size} #ann={len(self.annotations)}>"
        )

    def hmac(self) -> bytes:
        """The signature. Raises TypeError if there is no key."""
        return signature(self.hmac_key, self.data, self.annotations)  # type: ignore[arg-type]

    def to_bytes(self) -> bytes:
        """The message as it is sent.

        Raises:
            ValueError: If ``data_size`` is not 0 to 2 GB.
            ProtocolError: If an annotation cannot be sent.
        """
        if not 0 <= self.data_size <= v48.MAX_PAYLOAD_BYTES:
            raise ValueError("invalid message size (outside range 0..2Gb)")
        with classic_errors():
            chunks = pack_annotations(self.annotations, _CHUNK, v48.MAX_ANNOTATIONS_BYTES)
        size = len(chunks)
        if size > v48.MAX_ANNOTATIONS_BYTES:
            raise errors.MessageTooLargeError(
                f"annotations too large ({size}, max={v48.MAX_ANNOTATIONS_BYTES})"
            )
        version = constants.PROTOCOL_VERSION
        numbers = (self.type, version, self.data_size, size, self.serializer_id, self.flags, self.seq)
        header = struct.pack(
            self.header_format,
            TAG,
            version,
            self.type,
            self.flags,
            self.seq,
            self.data_size,
            self.serializer_id,
            size,
            0,
            (sum(numbers) + self.checksum_magic) & 0xFFFF,
        )
        return header + chunks + self.data

    def send(self, connection: Any) -> None:
        """Send it.

        Args:
            connection: A ``SocketConnection``.
        """
        connection.send(self.to_bytes())

    @classmethod
    def from_header(cls, headerData: bytes) -> Self:
        """A message without its annotations and payload, of which only the sizes are known.

        Raises:
            ProtocolError: If it is no header.
        """
        if len(headerData) != cls.header_size or not isinstance(headerData, bytes | bytearray | memoryview):
            raise errors.ProtocolError("header data size mismatch")
        with classic_errors():
            header = v48.parse_header(headerData)
        flags = int.from_bytes(headerData[8:10], "big")  # all of them, also those that do not exist
        message = cls(header.kind, b"", header.serializer_id, flags, header.seq)
        message.data_size = header.payload_size
        message.annotations_size = header.annotations_size
        return message

    @classmethod
    def recv(
        cls, connection: Any, requiredMsgTypes: Sequence[int] | None = None, hmac_key: bytes | None = None
    ) -> Self:
        """Receive a message.

        Args:
            connection: A ``SocketConnection``.
            requiredMsgTypes: Kinds that will do; None for any.
            hmac_key: Key that it must be signed with; None if it must not be signed.

        Raises:
            ProtocolError: If it is no message, of another kind, or too large.
            SecurityError: If it is not signed with the key.
        """
        message = cls.from_header(connection.recv(cls.header_size))
        if requiredMsgTypes and message.type not in requiredMsgTypes:
            raise errors.ProtocolError(f"invalid msg type {message.type} received")
        size = message.annotations_size + message.data_size
        if 0 < config.MAX_MESSAGE_SIZE < size:
            connection.close()  # what follows cannot be told from another message
            raise errors.MessageTooLargeError(f"message too large ({size}, max={config.MAX_MESSAGE_SIZE})")
        if message.annotations_size:
            raw = connection.recv(message.annotations_size)
            with classic_errors():
                message.annotations = v48.parse_annotations(raw, 0, len(raw))
        message.data = connection.recv(message.data_size)
        message.hmac_key = hmac_key
        if (ANNOTATION_HMAC in message.annotations) != bool(hmac_key):
            raise errors.SecurityError("hmac key config not symmetric")
        if hmac_key and not secure_compare(message.annotations[ANNOTATION_HMAC], message.hmac()):
            raise errors.SecurityError("message hmac mismatch")
        return message

    @staticmethod
    def ping(pyroConnection: Any, hmac_key: bytes | None = None) -> None:
        """Ask the other side for a sign of life, and wait for it.

        Args:
            pyroConnection: A ``SocketConnection``.
            hmac_key: Key that both sides share.
        """
        Message(MSG_PING, b"ping", PING_SERIALIZER_ID, 0, 0, hmac_key=hmac_key).send(pyroConnection)
        Message.recv(pyroConnection, [MSG_PING], hmac_key)

    def decompress_if_needed(self) -> Self:
        """The message itself, with its payload inflated.

        Raises:
            ProtocolError: If it cannot be inflated.
        """
        if self.flags & FLAGS_COMPRESSED:
            with classic_errors():
                self.data = inflate(self.data, config.MAX_MESSAGE_SIZE or MESSAGE_LIMIT)
            self.data_size = len(self.data)
            self.flags &= ~FLAGS_COMPRESSED
        return self
