"""Settings of clients, servers and name servers: frozen values that are passed along, never a global.

Nothing is read at import. ``from_environ()`` reads the variables that stock users know (``PYRO_HOST``,
``PYRO_SERIALIZER``, ...), ``from_toml()`` reads a table. A variable or value that cannot be used is one
``SettingsError`` that names it and says what is allowed; variables of other programs are left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pyro_core import setting_kinds as kinds
from pyro_core.names import BROADCAST_PORT, NAMESERVER_PORT
from pyro_core.setting_groups import MESSAGE_LIMIT, TLS, Limits, Listen, Timeouts
from pyro_core.setting_sources import FromOutside

__all__ = ["TLS", "ClientSettings", "Limits", "Listen", "NameServerSettings", "ServerSettings", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings(FromOutside):
    """How a client behaves.

    Attributes:
        serializer: Name of the serializer for requests.
        compression: Whether to compress requests that become smaller by it.
        max_retries: How often to repeat a call whose connection failed, beyond what is always safe.
        ns_host: Where to look for the name server; several are separated by commas, each with its own port
            if need be: ``"a:9090,b:9090"``.
        ns_port: Its TCP port.
        ns_token: What lets this client in at a name server that asks for a token. Said to those whose
            address was given, and over TLS; not to those that answer a broadcast.
        token: What is said to daemons that ask who calls: to those whose address the program itself gave as
            ``PYRO:...``, and over TLS.
        ns_cache: Whether to remember what names mean, as long as the name server tells of changes.
        mdns: Whether to look for name servers by multicast DNS, too.
        ns_broadcast_port: UDP port of its discovery.
        broadcast_addresses: Where to send the discovery question.
        nodelay: Whether to send small messages at once (TCP_NODELAY).
        keepalive_s: Seconds of silence after which the kernel probes the other side; 0 for no probes.
        prefer_ip_version: 4, 6, or 0 for the operating system's choice.
        tls: How to encrypt connections; None for plain ones.
        observers: Names of those who are told what happens (plugin group ``pyro.observers``).
        timeouts: How long things may take.
        limits: How large things may be.
    """

    serializer: str = "serpent"
    compression: bool = False
    max_retries: int = 0
    ns_host: str = "localhost"
    ns_port: int = NAMESERVER_PORT
    ns_token: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ns_cache: bool = True
    mdns: bool = False
    ns_broadcast_port: int = BROADCAST_PORT
    broadcast_addresses: tuple[str, ...] = ("<broadcast>", "0.0.0.0")
    nodelay: bool = True
    keepalive_s: float = 30.0
    prefer_ip_version: int = 0
    tls: TLS | None = None
    observers: tuple[str, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)

    _TABLE: ClassVar[str] = "client"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_SERIALIZER": ("serializer", kinds.TEXT),
        "PYRO_COMPRESSION": ("compression", kinds.TRUTH),
        "PYRO_MAX_RETRIES": ("max_retries", kinds.Whole(0)),
        "PYRO_NS_HOST": ("ns_host", kinds.TEXT),
        "PYRO_NS_PORT": ("ns_port", kinds.PORT),
        "PYRO_NS_TOKEN": ("ns_token", kinds.OPTIONAL_TEXT),
        "PYRO_TOKEN": ("token", kinds.OPTIONAL_TEXT),
        "PYRO_NS_CACHE": ("ns_cache", kinds.TRUTH),
        "PYRO_NS_MDNS": ("mdns", kinds.TRUTH),
        "PYRO_NS_BCPORT": ("ns_broadcast_port", kinds.PORT),
        "PYRO_BROADCAST_ADDRS": ("broadcast_addresses", kinds.NAMES),
        "PYRO_SOCK_NODELAY": ("nodelay", kinds.TRUTH),
        "PYRO_PREFER_IP_VERSION": ("prefer_ip_version", kinds.IP_VERSION),
        "PYRO_COMMTIMEOUT": ("timeouts.call_s", kinds.SECONDS_OR_NEVER),
        "PYRO_OBSERVERS": ("observers", kinds.PERHAPS_NAMES),
        "PYRO_SSL": ("tls", kinds.TRUTH),
        "PYRO_SSL_CLIENTCERT": ("tls.certfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CLIENTKEY": ("tls.keyfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CLIENTKEYPASSWD": ("tls.password", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_CACERTS": ("tls.cafile", kinds.OPTIONAL_TEXT),
        "PYRO_MAX_MESSAGE_SIZE": ("limits.max_message_bytes", kinds.Whole(0, zero_means=MESSAGE_LIMIT)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings(FromOutside):
    """How a daemon behaves.

    Attributes:
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name under which the daemon is published, if it is not the one it listens on.
        natport: Port under which it is published; 0 for the one it listens on.
        servertype: Name of the transport: ``threaded``, ``prefork``, ``multiplex``, ``asyncio``, or that of a
            plugin.
        processes: Processes of ``prefork``; 0 for one per processor core. Threads and limits are for each.
        event_loop: What the transport ``asyncio`` runs where the program has no event loop of its own:
            ``asyncio``, ``uvloop``, or ``auto`` for the latter where it is installed.
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
        traceback_modules: Modules and packages whose lines remote tracebacks show; ``*`` for all, nothing for
            none. Callers always get the type and the text of an error.
        nodelay: Whether to send small messages at once (TCP_NODELAY).
        keepalive_s: Seconds of silence after which the kernel probes a client; 0 for no probes.
        reuse_address: Whether a port may be taken again at once after a restart.
        prefer_ip_version: 4, 6, or 0 for the operating system's choice.
        tls: How to encrypt connections; None for plain ones.
        tokens_file: TOML file with the tokens of clients that are let in, see ``pyro_server.Tokens``.
        allow_anonymous: Whether clients need not say who they are, beyond this machine, too.
        observers: Names of those who are told what happens (plugin group ``pyro.observers``).
        timeouts: How long things may take.
        limits: How large things may be.
    """

    host: str = "localhost"
    port: int = 0
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    servertype: str = "threaded"
    processes: int = 0
    event_loop: str = "auto"
    serializers: tuple[str, ...] = ("serpent", "json", "msgpack")
    threads: int = 128
    min_threads: int = 2
    oneway_in_order: bool = False
    streaming: bool = True
    stream_lifetime_s: float = 0.0
    stream_linger_s: float = 30.0
    compression: bool = False
    detailed_traceback: bool = False
    traceback_modules: tuple[str, ...] = ("*",)
    nodelay: bool = True
    keepalive_s: float = 30.0
    reuse_address: bool = True
    prefer_ip_version: int = 0
    tls: TLS | None = None
    tokens_file: str | None = None
    allow_anonymous: bool = False
    observers: tuple[str, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)

    _TABLE: ClassVar[str] = "server"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_HOST": ("host", kinds.TEXT),
        "PYRO_NATHOST": ("nathost", kinds.OPTIONAL_TEXT),
        "PYRO_NATPORT": ("natport", kinds.PORT),
        "PYRO_SERVERTYPE": ("servertype", kinds.SERVER_TYPE),
        "PYRO_PROCESSES": ("processes", kinds.Whole(0)),
        "PYRO_EVENT_LOOP": ("event_loop", kinds.EVENT_LOOP),
        "PYRO_SERIALIZERS_ACCEPTED": ("serializers", kinds.NAMES),
        "PYRO_THREADPOOL_SIZE": ("threads", kinds.COUNT),
        "PYRO_THREADPOOL_SIZE_MIN": ("min_threads", kinds.Whole(0)),
        "PYRO_ITER_STREAMING": ("streaming", kinds.TRUTH),
        "PYRO_ITER_STREAM_LIFETIME": ("stream_lifetime_s", kinds.SECONDS),
        "PYRO_ITER_STREAM_LINGER": ("stream_linger_s", kinds.SECONDS),
        "PYRO_COMPRESSION": ("compression", kinds.TRUTH),
        "PYRO_DETAILED_TRACEBACK": ("detailed_traceback", kinds.TRUTH),
        "PYRO_TRACEBACK_MODULES": ("traceback_modules", kinds.PERHAPS_NAMES),
        "PYRO_SOCK_NODELAY": ("nodelay", kinds.TRUTH),
        "PYRO_SOCK_REUSE": ("reuse_address", kinds.TRUTH),
        "PYRO_PREFER_IP_VERSION": ("prefer_ip_version", kinds.IP_VERSION),
        "PYRO_COMMTIMEOUT": ("timeouts.idle_s", kinds.SECONDS_OR_NEVER),
        "PYRO_OBSERVERS": ("observers", kinds.PERHAPS_NAMES),
        "PYRO_SSL": ("tls", kinds.TRUTH),
        "PYRO_SSL_SERVERCERT": ("tls.certfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_SERVERKEY": ("tls.keyfile", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_SERVERKEYPASSWD": ("tls.password", kinds.OPTIONAL_TEXT),
        "PYRO_SSL_REQUIRECLIENTCERT": ("tls.require_client_cert", kinds.TRUTH),
        "PYRO_SSL_CACERTS": ("tls.cafile", kinds.OPTIONAL_TEXT),
        "PYRO_TOKENS_FILE": ("tokens_file", kinds.OPTIONAL_TEXT),
        "PYRO_ALLOW_ANONYMOUS": ("allow_anonymous", kinds.TRUTH),
        "PYRO_MAX_MESSAGE_SIZE": ("limits.max_message_bytes", kinds.Whole(0, zero_means=MESSAGE_LIMIT)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServerSettings(FromOutside):
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
        mdns: Whether to be found by multicast DNS, too.
        storage: Where names are kept: ``memory``, ``sqlite:FILE``, ``etcd:HOST:PORT,...``,
            ``postgres:CONNINFO``, or a plugin's.
        autoclean_s: Seconds between checks that registered servers still listen; 0 for no checks.
        admin: Where to answer probes and scrapers over HTTP: ``PORT`` on loopback, or ``HOST:PORT``; None for
            nowhere.
        log_format: ``text``, or ``json`` for one JSON object a line; for ``pyro-cli ns serve``.
        log_level: The least important messages to log: ``debug``, ``info``, ``warning`` or ``error``; for
            ``pyro-cli ns serve``.
        read_tokens: Texts that let a client look names up.
        register_tokens: Texts that let a client register names as well.
        admin_tokens: Texts that let a client change other people's leased names as well.
        read_identities: Names in client certificates that do what read tokens do; ``*`` for any certificate.
        register_identities: The same for registering.
        admin_identities: The same for everything.
    """

    host: str = "localhost"
    port: int = NAMESERVER_PORT
    unixsocket: str | None = None
    nathost: str | None = None
    natport: int = 0
    broadcast: bool = True
    broadcast_host: str | None = None
    broadcast_port: int = BROADCAST_PORT
    mdns: bool = False
    storage: str = "memory"
    autoclean_s: float = 0.0
    admin: str | None = None
    log_format: str = "text"
    log_level: str = "info"
    read_tokens: tuple[str, ...] = field(default=(), repr=False)
    register_tokens: tuple[str, ...] = field(default=(), repr=False)
    admin_tokens: tuple[str, ...] = field(default=(), repr=False)
    read_identities: tuple[str, ...] = ()
    register_identities: tuple[str, ...] = ()
    admin_identities: tuple[str, ...] = ()

    _TABLE: ClassVar[str] = "nameserver"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_HOST": ("host", kinds.TEXT),
        "PYRO_NS_PORT": ("port", kinds.PORT),
        "PYRO_NATHOST": ("nathost", kinds.OPTIONAL_TEXT),
        "PYRO_NATPORT": ("natport", kinds.PORT),
        "PYRO_NS_BCHOST": ("broadcast_host", kinds.OPTIONAL_TEXT),
        "PYRO_NS_BCPORT": ("broadcast_port", kinds.PORT),
        "PYRO_NS_MDNS": ("mdns", kinds.TRUTH),
        "PYRO_NS_AUTOCLEAN": ("autoclean_s", kinds.SECONDS),
        "PYRO_NS_BROADCAST": ("broadcast", kinds.TRUTH),
        "PYRO_NS_STORAGE": ("storage", kinds.TEXT),
        "PYRO_NS_ADMIN": ("admin", kinds.OPTIONAL_TEXT),
        "PYRO_NS_LOG_FORMAT": ("log_format", kinds.LOG_FORMAT),
        "PYRO_NS_LOG_LEVEL": ("log_level", kinds.LOG_LEVEL),
        "PYRO_NS_READ_TOKENS": ("read_tokens", kinds.PERHAPS_NAMES),
        "PYRO_NS_REGISTER_TOKENS": ("register_tokens", kinds.PERHAPS_NAMES),
        "PYRO_NS_ADMIN_TOKENS": ("admin_tokens", kinds.PERHAPS_NAMES),
        "PYRO_NS_READ_IDENTITIES": ("read_identities", kinds.PERHAPS_NAMES),
        "PYRO_NS_REGISTER_IDENTITIES": ("register_identities", kinds.PERHAPS_NAMES),
        "PYRO_NS_ADMIN_IDENTITIES": ("admin_identities", kinds.PERHAPS_NAMES),
    }
