"""What goes wrong with TLS, in words."""

import ssl
from typing import Final

_NOT_TLS: Final = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "UNKNOWN_PROTOCOL",
        "RECORD_LAYER_FAILURE",
    }
)
_OTHER_NAME: Final = (
    "; use an address with a name that is in the certificate, or say which with TLS(server_hostname=...)"
)
_HINTS: Final = {
    9: "; compare the clocks of both sides",
    10: "; its operator has to renew it",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
"""What to do about OpenSSL's verify errors that a trusted authority would not cure."""
_ALERTS: Final = {
    "UNKNOWN_CA": "it does not know the authority that signed our certificate",
    "CERTIFICATE_REQUIRED": "it wants a certificate from us: give TLS(certfile=...)",
    "HANDSHAKE_FAILURE": "it may want a certificate from us, or no common cipher or version exists",
    "BAD_CERTIFICATE": "it does not accept our certificate",
    "CERTIFICATE_UNKNOWN": "it does not accept our certificate",
    "UNSUPPORTED_CERTIFICATE": "our certificate is not made for this purpose",
    "CERTIFICATE_EXPIRED": "our certificate has expired",
    "CERTIFICATE_REVOKED": "our certificate has been revoked",
    "PROTOCOL_VERSION": "it speaks no TLS version that we accept",
}


class TlsError(ConnectionResetError):
    """The TLS dialogue failed: the connection is of no use any more. The text says which side, and why."""


def explanation(problem: OSError, *, server_side: bool) -> str:
    """A sentence on a TLS failure: which side it was, and why.

    Args:
        problem: What the ``ssl`` module raised.
        server_side: Whether this side is the server.
    """
    other = "client" if server_side else "server"
    if isinstance(problem, ssl.SSLCertVerificationError):
        why = (problem.verify_message or problem.reason or "no reason given").rstrip(".")
        hint = ""
        if not server_side:
            hint = _HINTS.get(getattr(problem, "verify_code", 0), "; give its authority with TLS(cafile=...)")
        return f"TLS: certificate verify failed: the {other}'s certificate is not accepted here: {why}{hint}"
    reason = getattr(problem, "reason", None) or ""
    if reason in _NOT_TLS:
        return f"TLS: the {other} does not speak TLS: what it sent is something else"
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "TLS: the client has no certificate, and this server requires one"
    if reason == "NO_SHARED_CIPHER":
        return f"TLS: the {other} shares no cipher with this side"
    before, alert, name = reason.partition("ALERT_")
    if alert and before:
        said = name.lower().replace("_", " ")
        what = _ALERTS.get(name, "it gave no other reason")
        return f"TLS: the {other} refused the connection ({said}): {what}"
    if reason:
        return f"TLS: failed with the {other}: {reason.lower().replace('_', ' ')}"
    return f"TLS: failed with the {other}: {problem.strerror or str(problem) or 'no reason given'}"
