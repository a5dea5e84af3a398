"""What goes wrong, as HTTP clients are told: RFC 9457 problems with stable types and the right status."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pyro_core.errors import (
    CommunicationError,
    ConnectionRejected,
    MessageTooLarge,
    NameNotFound,
    NameServerNotFound,
    NamingError,
    ProtocolError,
    PyroError,
    RemoteError,
    SecurityError,
    SerializeError,
    TimeoutError,
)
from pyro_core.remote_errors import remote_traceback_lines, safe_str

MEDIA_TYPE: Final = "application/problem+json"

TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "bad-request": (400, "The request cannot be understood"),
    "bad-json": (400, "The body is no JSON of the expected form"),
    "bad-header": (400, "A header has a value that cannot be used"),
    "unauthorized": (401, "A token is needed"),
    "forbidden": (403, "You may not do that"),
    "not-exposed": (403, "Objects of that name are not offered over HTTP"),
    "other-origin": (403, "Pages of other origins may not use this gateway"),
    "no-such-page": (404, "There is nothing at this address"),
    "unknown-object": (404, "No object is registered under that name"),
    "unknown-member": (404, "The object has no such method or attribute"),
    "method-not-allowed": (405, "This address takes other HTTP methods"),
    "not-acceptable": (406, "The result is a stream, which the client does not accept"),
    "body-timeout": (408, "The body of the request did not arrive in time"),
    "body-too-large": (413, "The body of the request is too large"),
    "bad-content-type": (415, "The body of the request is of a type that is not taken"),
    "wrong-host": (421, "The gateway is not known by that host name"),
    "bad-argument": (422, "An argument cannot be used"),
    "too-many-requests": (429, "Too many requests"),
    "remote-exception": (500, "The remote method raised an exception"),
    "unreachable": (502, "The object cannot be reached"),
    "bad-answer": (502, "The answer of the object cannot be passed on"),
    "no-name-server": (503, "There is no name server"),
    "overloaded": (503, "The gateway is busy"),
    "deadline": (504, "The deadline passed"),
    "internal-error": (500, "The gateway has a defect"),
}
"""Kind of problem -> its status, and what it means."""


class Finding(NamedTuple):
    """What is wrong with one part of the body.

    Attributes:
        pointer: Which part, as a JSON pointer.
        detail: What was expected.
    """

    pointer: str
    detail: str


class Problem(Exception):
    """Ends the work on a request, and becomes its answer.

    Args:
        kind: One of ``TITLES``.
        detail: What happened this time, and what to do.
        findings: What is wrong with parts of the body.
        headers: For the answer.
        more: Further members of the answer.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.findings = tuple(findings)
        self.headers = dict(headers or {})
        self.more = more

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TITLES[self.kind][0]

    def document(self, instance: str = "") -> dict[str, Any]:
        """The body of the answer.

        Args:
            instance: Correlation id of the request; empty for none.
        """
        status, title = TITLES[self.kind]
        found: dict[str, Any] = {
            "type": f"/problems/{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail,
        }
        if self.findings:
            found["errors"] = [finding._asdict() for finding in self.findings]
        if instance:
            found["instance"] = f"urn:uuid:{instance}"
        return {**found, **self.more}


_KINDS: Final[tuple[tuple[type[PyroError], str], ...]] = (
    (TimeoutError, "deadline"),
    (ConnectionRejected, "unreachable"),
    (CommunicationError, "unreachable"),
    (NameServerNotFound, "no-name-server"),
    (NameNotFound, "unknown-object"),
    (NamingError, "no-name-server"),
    (SecurityError, "forbidden"),
    (MessageTooLarge, "body-too-large"),
    (ProtocolError, "bad-answer"),
    (SerializeError, "bad-answer"),
)


_WITHOUT_ADDRESSES: Final[Mapping[str, str]] = {
    "deadline": "there was no answer in time; the call may have been executed, or still run",
    "no-name-server": "the name server cannot be asked now; the log of the gateway says why",
    "unreachable": "the daemon of the object cannot be reached; the log of the gateway says why",
}
"""What is told of errors whose own text tells where things are."""

_log = logging.getLogger("pyro_http.problems")


def problem_of(error: Exception, *, tracebacks: bool = False) -> Problem:
    """What a client is told about an error of a call.

    Args:
        error: What the call raised.
        tracebacks: Whether to show the remote traceback, and where daemons are.
    """
    if isinstance(error, Problem):
        return error
    remote = remote_traceback_lines(error)
    if isinstance(error, PyroError) and not remote and not isinstance(error, RemoteError):
        kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), "bad-answer")
        text = safe_str(error)
        _log.info("%s: %s", kind, text)
        return Problem(kind, text if tracebacks else _WITHOUT_ADDRESSES.get(kind, text))
    name = error.type_name if isinstance(error, RemoteError) else _name_of(type(error))
    text = error.message if isinstance(error, RemoteError) else safe_str(error)
    exception: dict[str, Any] = {"type": name, "message": text}
    if tracebacks:
        exception["traceback"] = "".join(remote)
    return Problem("remote-exception", f"{name}: {text}" if text else name, exception=exception)


def _name_of(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
