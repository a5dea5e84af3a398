"""What belongs together in settings: limits, timeouts, TLS, and one more address to listen on."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
MESSAGE_LIMIT: Final = 256 * _MIB
"""Most bytes in one message, unless settings say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one peer may cost. Every value is a maximum.

    Attributes:
        max_message_bytes: Payload and annotations of one message, also after decompression.
        max_handshake_bytes: The same before the handshake is done.
        max_connections: Connections of one daemon.
        max_connections_per_peer: Those of them from one address, after the handshake.
        max_handshakes: Connections of one daemon that have not shaken hands.
        max_handshakes_per_peer: Those of them from one address.
        max_batch_calls: Calls in one batch.
        max_calls_in_flight: Calls of one connection that run or wait for a thread.
        max_calls_waiting: Calls of all connections that wait for a thread.
        max_calls_per_s: Calls of one connection in a second, with bursts of as many; 0 for any number.
        max_streams: Item streams open in one daemon, and item streams of one client that arrive.
        max_streams_per_connection: Item streams of one connection that are open.
        max_tracked: Objects that are closed with one connection, such as those registered for its session.
        max_write_buffer_bytes: Answers that wait for one client to read them.
        max_oneway_queue: One-way calls that wait for a thread.
        max_kept_answers: Answers that a daemon keeps for calls that may be repeated.
        max_kept_bytes: All of them together; none may be larger than a quarter of it.
        max_query_regex_chars: Length of a regular expression in a name-server query.
        query_regex_s: Seconds that matching it may take.
    """

    max_message_bytes: int = MESSAGE_LIMIT
    max_handshake_bytes: int = 128 * _KIB
    max_connections: int = 10_000
    max_connections_per_peer: int = 5_000
    max_handshakes: int = 4_000
    max_handshakes_per_peer: int = 1_000
    max_batch_calls: int = 100_000
    max_calls_in_flight: int = 1_000
    max_calls_waiting: int = 10_000
    max_calls_per_s: int = 0
    max_streams: int = 1_000
    max_streams_per_connection: int = 500
    max_tracked: int = 10_000
    max_write_buffer_bytes: int = 64 * _MIB
    max_oneway_queue: int = 10_000
    max_kept_answers: int = 10_000
    max_kept_bytes: int = 64 * _MIB
    max_query_regex_chars: int = 200
    query_regex_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long things may take, in seconds. None waits for ever.

    Attributes:
        connect_s: Making a connection, handshake included.
        call_s: A whole call, from the first byte out to the last byte in.
        handshake_s: A server's patience with a client that has not shaken hands.
        idle_s: A server's patience with a client that says nothing between calls.
        message_s: A server's patience with a message that has begun and makes no progress.
        write_s: A server's patience with a client that does not read its answers.
        housekeeping_s: How often a daemon looks after such things.
        linger_s: How long a thread waits for the next call of the connection it just served.
        keep_answers_s: How long a server keeps the answer of a call that may be repeated.
        drain_s: How long a server that stops waits for calls that run.
    """

    connect_s: float | None = 10.0
    call_s: float | None = None
    handshake_s: float = 10.0
    idle_s: float | None = None
    message_s: float = 60.0
    write_s: float = 30.0
    housekeeping_s: float = 2.0
    linger_s: float = 0.005
    keep_answers_s: float = 120.0
    drain_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """Encrypted connections, and who must prove to be who they are.

    A server needs ``certfile``; a client needs ``cafile`` unless the server's certificate is signed by an
    authority that the operating system knows. The files are read again when they change.

    Attributes:
        certfile: File with the own certificate and those that lead up to its authority, as PEM.
        keyfile: File with its private key; None if it is in the same file.
        password: What the private key is encrypted with.
        cafile: File or folder with the certificates of the authorities to trust; None for those of the
            operating system, for clients only.
        require_client_cert: Whether a server lets in only clients that have a certificate of ``cafile``.
        check_hostname: Whether a client insists on a certificate that was made for the host it connects to.
        server_hostname: The name to insist on instead of the address's host. For Unix sockets, which have no
            host, no name is checked without it.
        context: A ready ``ssl.SSLContext`` to use instead of all that the files and switches say, or a
            function that gives one and is called for each connection, and when a server starts.
    """

    certfile: str | None = None
    keyfile: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: str | None = None
    require_client_cert: bool = False
    check_hostname: bool = True
    server_hostname: str | None = None
    context: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """One more address for a daemon to listen on.

    Attributes:
        host: Host name or address; empty for all interfaces.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name under which this address is published.
        natport: Port under which it is published; 0 for its own.
        tls: Its own TLS settings; None for the daemon's, False for none.
        socket: A listening socket to use instead, such as one that a service manager has opened.
    """

    host: str = "localhost"
    port: int = 0
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    tls: TLS | Literal[False] | None = None
    socket: Any = None
