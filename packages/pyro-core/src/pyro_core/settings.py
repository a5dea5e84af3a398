"""Settings of clients, servers and name servers: frozen values that are passed along, never a global.

Nothing is read at import. ``from_environ()`` reads the variables that stock users know (``PYRO_HOST``,
``PYRO_SERIALIZER``, ...), ``from_toml()`` reads a table. A variable or value that cannot be used is one
``SettingsError`` that names it and says what is allowed; variables of other programs are left alone.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Final, Literal, Self

from pyro_core import setting_kinds as kinds
from pyro_core.errors import SettingsError
from pyro_core.names import BROADCAST_PORT, NAMESERVER_PORT

KIB: Final = 1024
MIB: Final = 1024 * KIB
_MESSAGE_LIMIT: Final = 256 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one peer may cost. Every value is a maximum.

    Attributes:
        max_message_bytes: Payload and annotations of one message, also after decompression.
        max_handshake_bytes: The same before the handshake is done.
        max_connections: Connections of one daemon.
        max_batch_calls: Calls in one batch.
        max_calls_in_flight: Calls of one connection that run or wait for a thread.
        max_streams: Item streams open in one daemon, and item streams of one client that arrive.
        max_write_buffer_bytes: Answers that wait for one client to read them.
        max_oneway_queue: One-way calls that wait for a thread.
        max_query_regex_chars: Length of a regular expression in a name-server query.
        query_regex_s: Seconds that matching it may take.
    """

    max_message_bytes: int = _MESSAGE_LIMIT
    max_handshake_bytes: int = 128 * KIB
    max_connections: int = 10_000
    max_batch_calls: int = 100_000
    max_calls_in_flight: int = 1_000
    max_streams: int = 1_000
    max_write_buffer_bytes: int = 64 * MIB
    max_oneway_queue: int = 10_000
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
        context: A ready ``ssl.SSLContext`` to use instead of all that the files and switches say.
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
    """

    host: str = "localhost"
    port: int = 0
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    tls: TLS | Literal[False] | None = None


class _FromOutside:
    """Reading of settings from the environment and from TOML, for the three settings classes."""

    __slots__ = ()
    _TABLE: ClassVar[str]
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, *, base: Self | None = None) -> Self:
        """Settings, overridden by environment variables.

        Args:
            environ: The variables.
            base: What they override, such as what a file says; None for the defaults.

        Raises:
            SettingsError: If a variable has a value that cannot be used.
        """
        changes: dict[str, Any] = {}
        for variable, (name, kind) in cls._VARIABLES.items():
            text = environ.get(variable)
            if text is None:
                continue
            try:
                changes[name] = kind.of_text(text)
            except ValueError as allowed:
                raise SettingsError(
                    f"environment variable {variable}={text!r} cannot be used: expected {allowed}",
                    name=variable,
                ) from None
        settings: Self = _changed(cls() if base is None else base, changes)
        return settings

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any], *, where: str = "settings") -> Self:
        """Defaults, overridden by a table such as TOML gives: field names, with tables for nested ones.

        Args:
            table: The values. Durations that may be None are so for 0.
            where: What to call the table in errors.

        Raises:
            SettingsError: If it holds an unknown name or a value that cannot be used.
        """
        settings = _from_table(cls(), table, where)
        assert isinstance(settings, cls)
        return settings

    @classmethod
    def from_toml(cls, path: "str | os.PathLike[str]", table: str = "") -> Self:
        """Defaults, overridden by one table of a TOML file.

        Args:
            path: The file.
            table: Name of the table; empty for ``client``, ``server`` or ``nameserver``, each for its class.
                A file without it changes nothing.

        Raises:
            SettingsError: If the file is no TOML, or the table has an unknown name or a wrong value.
            OSError: If the file cannot be read.
        """
        import tomllib

        with open(path, "rb") as file:
            try:
                document = tomllib.load(file)
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
                raise SettingsError(f"{path} is not valid TOML: {problem}", name=str(path)) from problem
        name = table or cls._TABLE
        return cls.from_mapping(document.get(name, {}), where=f"[{name}] in {path}")

    def describe(self, environ: Mapping[str, str] = os.environ) -> list[tuple[str, Any, str]]:
        """Every setting as (name, value, source).

        The source is the variable that gives this value, ``"default"``, or else ``"program"``.

        Raises:
            SettingsError: If a variable has a value that cannot be used.
        """
        asked = {name: variable for variable, (name, _) in self._VARIABLES.items() if variable in environ}
        given = {name: value for name, value, _ in _flat(self.from_environ(environ), self)}
        rows = []
        for name, value, default in _flat(self, type(self)()):
            if name in asked and given.get(name) == value:
                rows.append((name, value, asked[name]))
            else:
                rows.append((name, value, "default" if value == default else "program"))
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings(_FromOutside):
    """How a client behaves.

    Attributes:
        serializer: Name of the serializer for requests.
        compression: Whether to compress requests that become smaller by it.
        max_retries: How often to repeat a call whose connection failed, beyond what is always safe.
        ns_host: Where to look for the name server.
        ns_port: Its TCP port.
        ns_broadcast_port: UDP port of its discovery.
        broadcast_addresses: Where to send the discovery question.
        nodelay: Whether to send small messages at once (TCP_NODELAY).
        keepalive_s: Seconds of silence after which the kernel probes the other side; 0 for no probes.
        prefer_ip_version: 4, 6, or 0 for the operating system's choice.
        tls: How to encrypt connections; None for plain ones.
        timeouts: How long things may take.
        limits: How large things may be.
    """

    serializer: str = "serpent"
    compression: bool = False
    max_retries: int = 0
    ns_host: str = "localhost"
    ns_port: int = NAMESERVER_PORT
    ns_broadcast_port: int = BROADCAST_PORT
    broadcast_addresses: tuple[str, ...] = ("<broadcast>", "0.0.0.0")
    nodelay: bool = True
    keepalive_s: float = 30.0
    prefer_ip_version: int = 0
    tls: TLS | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)

    _TABLE: ClassVar[str] = "client"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_SERIALIZER": ("serializer", kinds.TEXT),
        "PYRO_COMPRESSION": ("compression", kinds.TRUTH),
        "PYRO_MAX_RETRIES": ("max_retries", kinds.Whole(0)),
        "PYRO_NS_HOST": ("ns_host", kinds.TEXT),
        "PYRO_NS_PORT": ("ns_port", kinds.PORT),
        "PYRO_NS_BCPORT": ("ns_broadcast_port", kinds.PORT),
        "PYRO_BROADCAST_ADDRS": ("broadcast_addresses", kinds.NAMES),
        "PYRO_SOCK_NODELAY": ("nodelay", kinds.TRUTH),
        "PYRO_PREFER_IP_VERSION": ("prefer_ip_version", kinds.IP_VERSION),
        "PYRO_COMMTIMEOUT": ("timeouts.call_s", kinds.SECONDS_OR_NEVER),
        "PYRO_SSL": ("tls", kinds.TRUTH),
        "PYRO_SSL_CLIENTCERT": ("tls.certfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CLIENTKEY": ("tls.keyfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CLIENTKEYPASSWD": ("tls.password", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CACERTS": ("tls.cafile", kinds.OPTIONAL_TEXT),
        "PYRO_MAX_MESSAGE_SIZE": ("limits.max_message_bytes", kinds.Whole(0, zero_means=_MESSAGE_LIMIT)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings(_FromOutside):
    """How a daemon behaves.

    Attributes:
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name under which the daemon is published, if it is not the one it listens on.
        natport: Port under which it is published; 0 for the one it listens on.
        servertype: Name of the transport: ``threaded``, ``multiplex``, or a plugin's.
        serializers: Names of the accepted serializers. Unsafe ones only if named here.
        threads: Most threads that run calls.
        min_threads: Threads that are kept while nothing happens.
        oneway_in_order: Whether one-way calls of one connection run strictly one after the other. Otherwise
            the next one begins beside a one that takes long.
        streaming: Whether methods may return item streams.
        stream_lifetime_s: Seconds that an item stream may live; 0 for any time.
        stream_linger_s: Seconds that an item stream survives its connection.
        compression: Whether to compress answers that become smaller by it.
        detailed_traceback: Whether remote tracebacks show local variables.
        nodelay: Whether to send small messages at once (TCP_NODELAY).
        keepalive_s: Seconds of silence after which the kernel probes a client; 0 for no probes.
        reuse_address: Whether a port may be taken again at once after a restart.
        prefer_ip_version: 4, 6, or 0 for the operating system's choice.
        tls: How to encrypt connections; None for plain ones.
        timeouts: How long things may take.
        limits: How large things may be.
    """

    host: str = "localhost"
    port: int = 0
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    servertype: str = "threaded"
    serializers: tuple[str, ...] = ("serpent", "json", "msgpack")
    threads: int = 80
    min_threads: int = 2
    oneway_in_order: bool = False
    streaming: bool = True
    stream_lifetime_s: float = 0.0
    stream_linger_s: float = 30.0
    compression: bool = False
    detailed_traceback: bool = False
    nodelay: bool = True
    keepalive_s: float = 30.0
    reuse_address: bool = True
    prefer_ip_version: int = 0
    tls: TLS | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)

    _TABLE: ClassVar[str] = "server"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_HOST": ("host", kinds.TEXT),
        "PYRO_NATHOST": ("nathost", kinds.OPTIONAL_TEXT),
        "PYRO_NATPORT": ("natport", kinds.PORT),
        "PYRO_SERVERTYPE": ("servertype", kinds.SERVER_TYPE),
        "PYRO_SERIALIZERS_ACCEPTED": ("serializers", kinds.NAMES),
        "PYRO_THREADPOOL_SIZE": ("threads", kinds.COUNT),
        "PYRO_THREADPOOL_SIZE_MIN": ("min_threads", kinds.Whole(0)),
        "PYRO_ITER_STREAMING": ("streaming", kinds.TRUTH),
        "PYRO_ITER_STREAM_LIFETIME": ("stream_lifetime_s", kinds.SECONDS),
        "PYRO_ITER_STREAM_LINGER": ("stream_linger_s", kinds.SECONDS),
        "PYRO_COMPRESSION": ("compression", kinds.TRUTH),
        "PYRO_DETAILED_TRACEBACK": ("detailed_traceback", kinds.TRUTH),
        "PYRO_SOCK_NODELAY": ("nodelay", kinds.TRUTH),
        "PYRO_SOCK_REUSE": ("reuse_address", kinds.TRUTH),
        "PYRO_PREFER_IP_VERSION": ("prefer_ip_version", kinds.IP_VERSION),
        "PYRO_COMMTIMEOUT": ("timeouts.idle_s", kinds.SECONDS_OR_NEVER),
        "PYRO_SSL": ("tls", kinds.TRUTH),
        "PYRO_SSL_SERVERCERT": ("tls.certfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_SERVERKEY": ("tls.keyfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_SERVERKEYPASSWD": ("tls.password", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_REQUIRECLIENTCERT": ("tls.require_client_cert", kinds.TRUTH),
        "PYRO_SSL_CACERTS": ("tls.cafile", kinds.OPTIONAL_TEXT),
        "PYRO_MAX_MESSAGE_SIZE": ("limits.max_message_bytes", kinds.Whole(0, zero_means=_MESSAGE_LIMIT)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServerSettings(_FromOutside):
    """How a name server behaves, beside what its daemon's ``ServerSettings`` say.

    Attributes:
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name under which it is published.
        natport: Port under which it is published.
        broadcast: Whether to answer discovery broadcasts.
        broadcast_host: Address to listen on for them; None for any.
        broadcast_port: UDP port to listen on for them.
        storage: Where names are kept: ``memory``, ``sqlite:FILE``, or a plugin's.
        autoclean_s: Seconds between checks that registered servers still listen; 0 for no checks.
    """

    host: str = "localhost"
    port: int = NAMESERVER_PORT
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    broadcast: bool = True
    broadcast_host: str | None = None
    broadcast_port: int = BROADCAST_PORT
    storage: str = "memory"
    autoclean_s: float = 0.0

    _TABLE: ClassVar[str] = "nameserver"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_HOST": ("host", kinds.TEXT),
        "PYRO_NS_PORT": ("port", kinds.PORT),
        "PYRO_NATHOST": ("nathost", kinds.OPTIONAL_TEXT),
        "PYRO_NATPORT": ("natport", kinds.PORT),
        "PYRO_NS_BCHOST": ("broadcast_host", kinds.OPTIONAL_TEXT),
        "PYRO_NS_BCPORT": ("broadcast_port", kinds.PORT),
        "PYRO_NS_AUTOCLEAN": ("autoclean_s", kinds.SECONDS),
    }


_GROUPS: Final = (Limits, Timeouts, TLS)


def _changed(settings: Any, changes: dict[str, Any]) -> Any:
    """Settings with some values replaced; a dot in a name leads into a nested group.

    What is said about TLS counts only where TLS is switched on, by the change named ``tls`` or before.
    """
    flat: dict[str, Any] = {}
    tls = getattr(settings, "tls", None)
    if changes.pop("tls", tls is not None):
        flat["tls"] = tls or TLS()
    else:
        flat.update({"tls": None} if tls is not None else {})
        changes = {name: value for name, value in changes.items() if not name.startswith("tls.")}
    for name, value in changes.items():
        group, dot, inner = name.partition(".")
        if dot:
            flat[group] = replace(flat.get(group, getattr(settings, group)), **{inner: value})
        else:
            flat[group] = value
    return replace(settings, **flat) if flat else settings


def _from_table(default: Any, table: object, where: str) -> Any:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} must be a table, got {table!r:.80}", name=where)
    known = {item.name: item for item in fields(default) if item.name != "context"}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise SettingsError(f"unknown setting {name!r} in {where}; {_near(name, known)}", name=name)
        if name == "tls" and value in (False, ""):
            values[name] = None
            continue
        now = TLS() if name == "tls" else getattr(default, name)
        if isinstance(now, _GROUPS):
            values[name] = _from_table(now, value, f"{name} of {where}")
            continue
        try:
            values[name] = kinds.kind_of(known[name]).of_value(value)
        except ValueError as allowed:
            raise SettingsError(
                f"{name} = {value!r:.80} in {where} cannot be used: expected {allowed}", name=name
            ) from None
    return replace(default, **values)


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 3)
    return (
        f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(sorted(known))}"
    )


def _flat(settings: Any, default: Any) -> Iterable[tuple[str, Any, Any]]:
    for item in fields(settings):
        value, usual = getattr(settings, item.name), getattr(default, item.name)
        if isinstance(value, _GROUPS):
            for name, inner, inner_usual in _flat(value, usual or TLS()):
                yield f"{item.name}.{name}", inner, inner_usual
        elif item.name == "password":
            yield item.name, value and "********", usual
        else:
            yield item.name, value, usual
