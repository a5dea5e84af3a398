"""From TLS settings to what the ``ssl`` module works with, made anew when the files change."""

import os
import ssl
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from pyro_core.errors import SettingsError
from pyro_core.settings import TLS

CHECK_S: Final = 1.0
"""How long files are believed not to have changed."""
_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9
"""Source: X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL's x509_vfy.h."""

_Stamp = tuple[tuple[int, int, int] | None, ...]


class TlsContexts:
    """The SSL context that settings stand for, as the files are now.

    Connections keep the context that they were made with.

    Args:
        tls: The settings.
        server_side: Whether it is for accepting connections.
        check_s: Seconds between looks at the files.
        clock: Monotonic time in seconds.

    Raises:
        SettingsError: If a file is missing, cannot be used, or holds a certificate that is not valid now.
    """

    def __init__(
        self,
        tls: TLS,
        *,
        server_side: bool,
        check_s: float = CHECK_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.tls = tls
        self._make = server_context if server_side else client_context
        self._check_s = check_s
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp = self._look()
        if server_side or not callable(tls.context):  # a client's function is asked by each connection only
            self._context = self._make(tls)
        self._look_at = clock() + check_s

    def current(self) -> ssl.SSLContext:
        """The context to use for a new connection.

        Files that changed and cannot be used leave the former context in force: the next change may mend
        them. That is logged once per change.
        """
        if callable(self.tls.context):
            return self._make(self.tls)
        now = self._clock()
        if now >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look_at = now + self._check_s
                stamp = self._look()
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._try_again()
            finally:
                self._lock.release()
        return self._context

    def reload(self) -> None:
        """Read the files now.

        Raises:
            SettingsError: If they cannot be used; the former context stays in force.
        """
        with self._lock:
            self._stamp = self._look()
            self._context = self._make(self.tls)

    def _try_again(self) -> None:
        import logging

        log = logging.getLogger("pyro_core.net.tls")
        try:
            self._context = self._make(self.tls)
        except SettingsError as problem:
            log.error("the TLS files changed and cannot be used; going on with what they were: %s", problem)
        else:
            log.info("the TLS files changed; new connections use them: %s", self.tls)

    def _look(self) -> _Stamp:
        if self.tls.context is not None:
            return ()
        paths = (self.tls.certfile, self.tls.keyfile, self.tls.cafile)
        return tuple([_stamp_of(path) for path in paths if path])


def server_context(tls: TLS) -> ssl.SSLContext:
    """The context for accepting connections.

    Without ``require_client_cert`` a client may show a certificate: if there is a ``cafile`` it is asked for
    one, and what it shows must be right.

    Raises:
        SettingsError: If a file is missing, cannot be used, or holds a certificate that is not valid now.
    """
    if tls.context is not None:
        return _own(tls)
    if tls.certfile is None:
        raise SettingsError(
            "TLS for a server needs a certificate: give TLS(certfile=..., keyfile=...), "
            "or set PYRO_SSL_SERVERCERT and PYRO_SSL_SERVERKEY",
            name="tls.certfile",
        )
    if tls.require_client_cert and tls.cafile is None:
        raise SettingsError(
            "require_client_cert needs cafile, the authorities whose clients are let in: "
            "any certificate that somebody bought would do otherwise",
            name="tls.cafile",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _set_up(context, tls)
    if tls.cafile is not None:
        context.verify_mode = ssl.CERT_REQUIRED if tls.require_client_cert else ssl.CERT_OPTIONAL
    # Nobody resumes sessions here, and unread tickets make a kernel reset the connection of a client that
    # sends its last message and closes.
    context.num_tickets = 0
    return context


def client_context(tls: TLS) -> ssl.SSLContext:
    """The context for making connections.

    Raises:
        SettingsError: If a file is missing, cannot be used, or holds a certificate that is not valid now.
    """
    if tls.context is not None:
        return _own(tls)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.check_hostname
    _set_up(context, tls)
    if tls.cafile is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _own(tls: TLS) -> ssl.SSLContext:
    context = tls.context() if callable(tls.context) else tls.context
    if not isinstance(context, ssl.SSLContext):
        raise SettingsError(
            f"TLS(context=...) must be an ssl.SSLContext, got {context!r:.80}", name="tls.context"
        )
    return context


def _set_up(context: ssl.SSLContext, tls: TLS) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | getattr(ssl, "OP_NO_RENEGOTIATION", 0)
    if tls.certfile is not None:
        _load_chain(context, tls)
        _check_dates(tls)
    elif tls.keyfile is not None:
        raise SettingsError(f"keyfile {tls.keyfile!r} needs certfile as well", name="tls.certfile")
    if tls.cafile is not None:
        _need(tls.cafile, "cafile")
        try:
            if os.path.isdir(tls.cafile):
                context.load_verify_locations(capath=tls.cafile)
            else:
                context.load_verify_locations(cafile=tls.cafile)
        except (OSError, ValueError) as problem:
            raise SettingsError(
                f"cafile {tls.cafile!r} cannot be used: {_reason(problem)}; expected certificates as PEM",
                name="tls.cafile",
            ) from problem


def _load_chain(context: ssl.SSLContext, tls: TLS) -> None:
    assert tls.certfile is not None
    _need(tls.certfile, "certfile")
    if tls.keyfile is not None:
        _need(tls.keyfile, "keyfile")
    # A function, because OpenSSL asks at the terminal where there is no password.
    password = tls.password or ""
    try:
        context.load_cert_chain(tls.certfile, tls.keyfile, lambda: password)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", None) or ""
        if reason == "KEY_VALUES_MISMATCH":
            why = "the private key does not belong to the certificate"
        elif "PASSWORD" in reason or "DECRYPT" in reason or "PEM lib" in str(problem):
            why = "no certificate and private key can be read from them as PEM with this password" + (
                "" if tls.password else ", which is empty"
            )
        else:
            why = _reason(problem)
        raise SettingsError(
            f"certfile {tls.certfile!r} and keyfile {tls.keyfile or tls.certfile!r} cannot be used: {why}",
            name="tls.certfile",
        ) from problem


def _need(path: str, name: str) -> None:
    try:
        os.stat(path)
        if not os.access(path, os.R_OK):
            raise PermissionError(None, "Permission denied")
    except (OSError, ValueError) as problem:
        raise SettingsError(
            f"{name} {path!r} cannot be read: {_reason(problem)}", name=f"tls.{name}"
        ) from problem


def _check_dates(tls: TLS) -> None:
    """Refuse a certificate that no peer would accept today.

    The way to know with what the standard library offers: be one's own peer, in memory.
    """
    assert tls.certfile is not None
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load_chain(server, tls)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
    client.load_verify_locations(cafile=tls.certfile)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)
    try:
        for side in (*sides, *sides):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    except ssl.SSLCertVerificationError as problem:
        if problem.verify_code in (_EXPIRED, _NOT_YET_VALID):
            raise SettingsError(
                f"certfile {tls.certfile!r} cannot be used: {problem.verify_message}; make a new one",
                name="tls.certfile",
            ) from problem
    except ssl.SSLError:
        pass  # whatever that is, it is not about the dates


def _stamp_of(path: str) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _reason(problem: BaseException) -> str:
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
