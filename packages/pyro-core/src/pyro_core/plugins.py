"""Finding plugins by name: serializers, transports, storages, commands.

Nothing is imported, and no metadata is read, before somebody asks for a name. A name is looked up among what
the program registered, then in the built-in table, then among the entry points of installed distributions.
A built-in name cannot be taken over; a broken plugin affects no other name.
"""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyro_core.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

SERIALIZERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serpent": "pyro_serializers.serpent:SerpentSerializer",
        "json": "pyro_serializers.json:JsonSerializer",
        "marshal": "pyro_serializers.marshal:MarshalSerializer",
        "msgpack": "pyro_serializers.msgpack:MsgpackSerializer",
        "pickle": "pyro_serializers.pickle:PickleSerializer",
        "cloudpickle": "pyro_serializers.pickle:CloudpickleSerializer",
        "dill": "pyro_serializers.pickle:DillSerializer",
    }
)
TRANSPORTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "threaded": "pyro_server.transports.threaded:ThreadedTransport",
        "prefork": "pyro_server.transports.prefork:PreforkTransport",
        "asyncio": "pyro_server.transports.asyncio_loop:AsyncioTransport",
        "multiplex": "pyro_server.transports.multiplex:MultiplexTransport",
        "existing": "pyro_server.transports.existing:ExistingConnectionTransport",
    }
)
STORAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "memory": "pyro_nameserver.storage.memory:MemoryStorage",
        "sqlite": "pyro_nameserver.storage.sqlite:SqliteStorage",
        "etcd": "pyro_nameserver.storage.etcd:EtcdStorage",
        "postgres": "pyro_nameserver.storage.postgres:PostgresStorage",
    }
)
COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ns": "pyro_nameserver.commands:ns",
        "call": "pyro_client.commands.calling:call",
        "attr": "pyro_client.commands.calling:attr",
        "batch": "pyro_client.commands.batching:batch",
        "describe": "pyro_client.commands.describing:describe",
        "gen.stubs": "pyro_client.commands.describing:stubs",
        "ping": "pyro_client.commands.measuring:ping",
        "bench": "pyro_client.commands.measuring:bench",
        "watch": "pyro_client.commands.watching:watch",
        "top": "pyro_client.commands.watching:top",
        "shell": "pyro_client.commands.shell:shell",
        "doctor": "pyro_client.commands.doctor:doctor",
        "gen.docker": "pyro_nameserver.commands.generating:docker",
        "gen.k8s": "pyro_nameserver.commands.generating:k8s",
        "gen.systemd": "pyro_nameserver.commands.generating:systemd",
        "echo": "pyro_server.commands:echo",
        "serve": "pyro_server.commands:serve_object",
        "certs": "pyro_cli.commands.certs:certs",
        "completion": "pyro_cli.commands.completion:completion",
        "config": "pyro_cli.commands.config:config",
        "context": "pyro_cli.commands.context:context",
        "gen": "pyro_cli.commands.gen:gen",
        "gen.completion": "pyro_cli.commands.completion:completion",
        "plugins": "pyro_cli.commands.plugins:plugins",
        "version": "pyro_cli.commands.version:version",
    }
)
REFERENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "proxy": "pyro_client.proxy:proxy_for",
        "async_proxy": "pyro_client.async_proxy:async_proxy_for",
        "called_back": "pyro_client.called_back:called_back",
        "async_called_back": "pyro_client.called_back:async_called_back",
        "nameserver": "pyro_client.naming:locate_ns",
    }
)
"""How a server reaches the client, which it must not import: a proxy for a reference, a name server."""
OBSERVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accesslog": "pyro_observe.access_log:observer",
        "opentelemetry": "pyro_observe.tracing:observer",
        "prometheus": "pyro_observe.prometheus:observer",
        "wirelog": "pyro_observe.wire_log:observer",
    }
)
"""Functions that give an observer (see ``pyro_core.observing``)."""


class PluginStatus(NamedTuple):
    """What is known about one plugin.

    Attributes:
        name: What users type.
        source: ``program``, ``built-in`` or ``entry point``.
        dist: Name of the distribution that it belongs to; empty if unknown.
        ok: Whether it can be loaded.
        problem: Why not; empty if it can.
        remedy: What to do about it; empty if there is nothing to do.
        missing_extra: Whether it only lacks an optional dependency of a distribution that is fine.
    """

    name: str
    source: str
    dist: str
    ok: bool
    problem: str = ""
    remedy: str = ""
    missing_extra: bool = False


class Registry:
    """The plugins of one group.

    Args:
        group: Entry-point group, such as ``"pyro.serializers"``.
        builtins: Name -> ``"module:attribute"`` of our own ones.
    """

    def __init__(self, group: str, builtins: Mapping[str, str]) -> None:
        self.group = group
        self._builtins = builtins
        self._registered: dict[str, Any] = {}
        self._loaded: dict[str, Any] = {}
        self._entry_points: dict[str, list[EntryPoint]] | None = None

    def register(self, name: str, plugin: Any) -> None:
        """Make an object of this program known by name.

        Raises:
            PluginError: If the name is a built-in one.
        """
        if name in self._builtins:
            raise PluginError(
                f"{name!r} is built in and cannot be replaced in {self.group!r}; choose another name",
                group=self.group,
                name=name,
            )
        self._registered[name] = plugin

    def load(self, name: str) -> Any:
        """The plugin of that name, imported if need be.

        Raises:
            PluginError: If the name is unknown, two distributions claim it, or it cannot be imported.
        """
        if name in self._registered:
            return self._registered[name]
        if name not in self._loaded:
            if name in self._builtins:
                self._loaded[name] = self._load_builtin(name)
            else:
                self._loaded[name] = self._load_entry_point(name)
        return self._loaded[name]

    def names(self) -> frozenset[str]:
        """All names that are known, whether they can be loaded or not.

        A built-in name counts only if the distribution that brings it is installed.
        """
        from importlib.util import find_spec

        builtin = {name for name, target in self._builtins.items() if find_spec(_package(target))}
        return frozenset(builtin | self._registered.keys() | self._scan().keys())

    def check(self) -> list[PluginStatus]:
        """Load every plugin and tell how that went; sorted by name."""
        return [self._status(name) for name in sorted(self.names())]

    def _status(self, name: str) -> PluginStatus:
        if name in self._registered:
            return PluginStatus(name, "program", "", ok=True)
        builtin = name in self._builtins
        source = "built-in" if builtin else "entry point"
        if builtin:
            dist = _package(self._builtins[name]).replace("_", "-")
        else:
            dist = ", ".join(_dist_name(point) for point in self._scan()[name])
        try:
            self.load(name)
        except PluginError as problem:
            what, _, remedy = str(problem).rpartition("; ")
            missing_extra = builtin and isinstance(problem.__cause__, ModuleNotFoundError) and "[" in remedy
            return PluginStatus(name, source, dist, False, what, remedy, missing_extra)
        takeover = [_dist_name(point) for point in self._scan().get(name, ())] if builtin else []
        if takeover:
            return PluginStatus(
                name,
                source,
                dist,
                False,
                f"{' and '.join(takeover)} also claims this built-in name, and is ignored",
                f"pip uninstall {' '.join(takeover)}",
            )
        return PluginStatus(name, source, dist, ok=True)

    def _load_builtin(self, name: str) -> Any:
        target = self._builtins[name]
        module, _, attribute = target.partition(":")
        dist = _package(target).replace("_", "-")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as problem:
            if _package(problem.name or "") == _package(target):
                raise PluginError(
                    f"{name!r} is not installed; pip install {dist}", group=self.group, name=name
                ) from problem
            raise self._missing_module(name, dist, problem) from problem
        except (Exception, SystemExit) as problem:
            raise self._broken(name, dist, problem) from problem

    def _load_entry_point(self, name: str) -> Any:
        points = self._scan().get(name, [])
        if not points:
            raise PluginError(self._unknown(name), group=self.group, name=name)
        owners = [_dist_name(point) for point in points]
        if len(points) > 1:
            raise PluginError(
                f"{' and '.join(owners)} both provide {name!r} in {self.group!r}; "
                f"uninstall one of them: pip uninstall {owners[-1]}",
                group=self.group,
                name=name,
            )
        try:
            return points[0].load()
        except ModuleNotFoundError as problem:
            raise self._missing_module(name, owners[0], problem) from problem
        except (Exception, SystemExit) as problem:  # a module that ends the program when it is imported
            raise self._broken(name, owners[0], problem) from problem

    def _scan(self) -> "dict[str, list[EntryPoint]]":
        """Entry points by name, without our own; read once."""
        if self._entry_points is None:
            from importlib.metadata import entry_points

            found: dict[str, list[EntryPoint]] = {}
            for point in entry_points(group=self.group):
                if point.value == self._builtins.get(point.name):
                    continue
                known = found.setdefault(point.name, [])
                if (point.value, _dist_name(point)) not in [(p.value, _dist_name(p)) for p in known]:
                    known.append(point)
            self._entry_points = found
        return self._entry_points

    def _missing_module(self, name: str, dist: str, problem: ModuleNotFoundError) -> PluginError:
        missing = problem.name or str(problem)
        extra = _extra_with(dist, missing)
        remedy = f"pip install '{dist}[{extra}]'" if extra else f"pip install --force-reinstall {dist}"
        return PluginError(
            f"{name!r} from {dist} needs the module {missing!r}, which is not installed; {remedy}",
            group=self.group,
            name=name,
        )

    def _broken(self, name: str, dist: str, problem: BaseException) -> PluginError:
        return PluginError(
            f"{name!r} from {dist} cannot be loaded: {type(problem).__name__}: {problem}; "
            f"tell its maintainers, or pip uninstall {dist}",
            group=self.group,
            name=name,
        )

    def _unknown(self, name: str) -> str:
        import difflib

        known = sorted(self.names())
        near = difflib.get_close_matches(name, known, 2)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(known)}"
        return f"no plugin {name!r} in {self.group!r}; {hint}"


_REGISTRIES: Final[Mapping[str, Registry]] = MappingProxyType(
    {
        group: Registry(group, builtins)
        for group, builtins in {
            "pyro.serializers": SERIALIZERS,
            "pyro.transports": TRANSPORTS,
            "pyro.nameserver.storage": STORAGES,
            "pyro.commands": COMMANDS,
            "pyro.references": REFERENCES,
            "pyro.observers": OBSERVERS,
        }.items()
    }
)


def serializers() -> Registry:
    """Serializer classes by name."""
    return _REGISTRIES["pyro.serializers"]


def transports() -> Registry:
    """Transport classes by name."""
    return _REGISTRIES["pyro.transports"]


def storages() -> Registry:
    """Storage classes of the name server by name."""
    return _REGISTRIES["pyro.nameserver.storage"]


def commands() -> Registry:
    """Commands of ``pyro-cli`` by name."""
    return _REGISTRIES["pyro.commands"]


def references() -> Registry:
    """What a server needs of the client, by name."""
    return _REGISTRIES["pyro.references"]


def observers() -> Registry:
    """What gives observers (see ``pyro_core.observing``), by name."""
    return _REGISTRIES["pyro.observers"]


def _package(target: str) -> str:
    """Top-level package of ``module:attribute``, or of a module."""
    return target.partition(":")[0].partition(".")[0]


def _dist_name(point: "EntryPoint") -> str:
    dist: Distribution | None = point.dist
    return dist.name if dist is not None else _package(point.value)


def _extra_with(dist: str, module: str) -> str:
    """The extra of a distribution that brings a module; empty if its metadata names none.

    Metadata names distributions, not modules: an extra that is called like the module counts too, and so does
    the only one there is.
    """
    import re
    from importlib.metadata import PackageNotFoundError, requires

    wanted = _normal(_package(module))
    try:
        requirements = requires(dist) or []
    except PackageNotFoundError:
        return ""
    extras = set()
    for requirement in requirements:
        package = re.match(r"[A-Za-z0-9._-]+", requirement)
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        if package is None or extra is None:
            continue
        if wanted in (_normal(package.group()), _normal(extra.group(1))):
            return extra.group(1)
        extras.add(extra.group(1))
    return extras.pop() if len(extras) == 1 else ""


def _normal(name: str) -> str:
    return name.replace("_", "-").replace(".", "-").lower()
