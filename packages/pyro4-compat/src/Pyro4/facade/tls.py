"""TLS as Pyro4 speaks it: with certificates that have expired, too, which the packages below refuse."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from Pyro4.configuration import config
from Pyro4.errors import CommunicationError
from pyro_core.settings import TLS

if TYPE_CHECKING:
    from ssl import SSLContext


def context_for(
    servercert: str = "",
    serverkey: str = "",
    clientcert: str = "",
    clientkey: str = "",
    cacerts: str = "",
    keypassword: str = "",
) -> "SSLContext":
    """The context for a server if there is a certificate of one, else for a client.

    What is left out is as it is configured. Whoever asks for the same gets the same context.

    Raises:
        ValueError: If certificates for both sides are given.
        OSError: If a file cannot be used.
    """
    if servercert and clientcert:
        raise ValueError("can't have both server cert and client cert")
    cacerts = cacerts or config.SSL_CACERTS
    if servercert:
        password = keypassword or config.SSL_SERVERKEYPASSWD
        return _context(True, bool(config.SSL_REQUIRECLIENTCERT), servercert, serverkey, cacerts, password)
    if not clientcert:
        clientcert, clientkey = config.SSL_CLIENTCERT, config.SSL_CLIENTKEY
    password = keypassword or config.SSL_CLIENTKEYPASSWD
    return _context(False, False, clientcert, clientkey, cacerts, password)


@lru_cache
def _context(
    serves: bool, demanding: bool, certfile: str, keyfile: str, cacerts: str, password: str
) -> "SSLContext":
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH if serves else ssl.Purpose.SERVER_AUTH)
    # Python 3.13 is strict by default, and refuses many of the certificates that people made themselves.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    for path in filter(None, (certfile, keyfile, cacerts)):
        os.stat(path)  # its error names the file, and that of the ssl module does not
    if certfile:
        context.load_cert_chain(certfile, keyfile or None, password or None)
    if cacerts:
        folder = os.path.isdir(cacerts)
        context.load_verify_locations(None if folder else cacerts, cacerts if folder else None)
    if serves:
        context.num_tickets = 0  # nobody resumes sessions, and unread tickets may reset a connection
    if demanding:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def server_tls() -> TLS:
    """How a daemon that is made now speaks TLS. Raises OSError if a file cannot be used."""
    from Pyro4 import socketutil

    if not config.SSL_SERVERCERT:
        return TLS()  # which is refused
    context = socketutil.getSSLcontext(
        servercert=config.SSL_SERVERCERT,
        serverkey=config.SSL_SERVERKEY,
        keypassword=config.SSL_SERVERKEYPASSWD,
        cacerts=config.SSL_CACERTS,
    )
    return TLS(context=context)


def client_tls() -> TLS:
    """How proxies speak TLS."""
    return TLS(context=_client_context)


def _client_context() -> "SSLContext":
    from Pyro4 import socketutil

    try:
        return socketutil.getSSLcontext(
            clientcert=config.SSL_CLIENTCERT,
            clientkey=config.SSL_CLIENTKEY,
            keypassword=config.SSL_CLIENTKEYPASSWD,
            cacerts=config.SSL_CACERTS,
        )
    except OSError as problem:
        raise CommunicationError(
            "cannot speak TLS with the files of SSL_CLIENTCERT, SSL_CLIENTKEY and SSL_CACERTS as they are "
            f"configured: {problem}"
        ) from problem
