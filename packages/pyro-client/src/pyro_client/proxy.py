"""The blocking proxy: a stand-in for an object in another process or on another machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from weakref import ref

from pyro_client.channel_types import channel_type
from pyro_client.control import Control
from pyro_client.profile import Profile
from pyro_client.profile_control import not_looked_up
from pyro_client.remote_method import RemoteMethod
from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.metadata import Metadata
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any, Final, Self

    from pyro_core.observing import Observer
    from pyro_core.settings import ClientSettings

_GIVEN: Final = "<given-socket>:0"
_OWN: Final = "_pyro"


class Proxy:
    """Calls the methods of a remote object as if it were local.

    Making a proxy is cheap: it connects when it is used first, and again when the connection was lost. It
    may be shared by threads, whose calls then take turns; a copy (``copy.copy``) has its own connection.
    ``with Proxy(...) as proxy:`` closes the connection at the end. Everything that is not a member of the
    remote object is behind ``proxy._pyro`` (see ``pyro_client.control.Control``).

    ``len(proxy)``, ``proxy[key]``, ``iter(proxy)``, ``item in proxy`` and ``proxy()`` work where the remote
    class exposes the methods behind them; a proxy is always true.

    Args:
        uri: ``PYRO:object@host:port``, ``PYRONAME:name`` or ``PYROMETA:tag,tag``; with ``connected_socket``
            the object's id.
        settings: How to behave; None reads the environment.
        connected_socket: Use this socket, which is connected to a daemon made with its other end. It stays
            yours to close.
        rules: Classes that can be sent and received beside the plain types. If they do not say what to make
            of a received reference to a remote object, it becomes a ``Proxy``.
        observers: Who is told what happens: ``pyro_core.observing.Observer`` objects, and names of plugins;
            None for those that the settings name.

    Raises:
        PyroError: If the URI cannot be understood.
        SettingsError: If the environment has a value that cannot be used.
        PluginError: If an observer is unknown, or broken.
    """

    _pyro: Control

    def __init__(
        self,
        uri: str | URI,
        *,
        settings: ClientSettings | None = None,
        connected_socket: socket | None = None,
        rules: ClassRules | None = None,
        observers: Iterable[str | Observer] | None = None,
    ) -> None:
        target = URI(uri) if connected_socket is None else _given_uri(uri)
        profile = _profile(target, settings, rules)
        profile.take_token()
        if observers is not None:
            profile.observe(observers)
        self._pyro_assemble(profile, connected_socket)

    def _pyro_assemble(self, profile: Profile, sock: socket | None = None) -> None:
        kind = channel_type(profile)
        channel = kind(profile, sock=sock, on_metadata=partial(_forget_methods, ref(self)))
        self.__dict__[_OWN] = Control(channel)

    def __getattr__(self, name: str) -> Any:
        # Only called for names that are not in the instance yet, such as methods not called before.
        if name.startswith("_") and not name.startswith("__"):  # _pyro among them, while it is not there yet
            raise not_looked_up(name)
        control = self._pyro
        if name.startswith("_") and not control._profile.offers(name):
            raise not_looked_up(name)
        metadata = control.known_metadata()
        if control._profile.offers(name):
            method = self.__dict__[name] = RemoteMethod(control._channel, name)
            return method
        if name in metadata.attrs:
            return control.get(name)
        raise control._profile.missing(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith(_OWN):
            object.__setattr__(self, name, value)
            return
        control = self._pyro
        if name not in control.known_metadata().attrs:
            if control._profile.offers(name):
                raise AttributeError(f"{name!r} is a remote method and cannot be set", name=name)
            raise control._profile.missing(name)
        control.set(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"remote attributes cannot be deleted, not even {name!r}", name=name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pyro.release()

    def __dir__(self) -> list[str]:
        known = self._pyro.metadata
        return sorted({*object.__dir__(self), *known.methods, *known.attrs})

    def __repr__(self) -> str:
        state = self._pyro._state()
        return f"<{type(self).__module__}.{type(self).__qualname__} for {self._pyro.uri}; {state}>"

    def __eq__(self, other: object) -> bool:
        return self._pyro.uri == other._pyro.uri if isinstance(other, Proxy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pyro.uri)

    def __copy__(self) -> Self:
        channel = self._pyro._channel
        if channel.has_given_socket:
            raise TypeError("a proxy on a connected socket cannot be copied: there is only one such socket")
        twin = type(self).__new__(type(self))
        twin._pyro_assemble(channel.profile.copy())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        profile = self._pyro._profile
        known = profile.metadata
        members = (sorted(profile.oneway), sorted(known.methods), sorted(known.attrs))
        serializer = profile.chosen_serializer
        return _restored, (type(self), str(profile.uri), *members, profile.handshake, serializer)

    def __pyro_ref__(self) -> ObjectRef:
        return self._pyro._profile.reference()

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        length: int = self._pyro_special("__len__")()
        return length

    def __getitem__(self, key: Any) -> Any:
        return self._pyro_special("__getitem__")(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._pyro_special("__setitem__")(key, value)

    def __delitem__(self, key: Any) -> None:
        self._pyro_special("__delitem__")(key)

    def __iter__(self) -> Iterator[Any]:
        if self._pyro_has("__iter__") or not self._pyro_has("__getitem__"):
            return iter(self._pyro_special("__iter__")())
        return self._pyro_items()

    def __contains__(self, item: Any) -> bool:
        if self._pyro_has("__contains__"):
            return bool(self._pyro_special("__contains__")(item))
        return any(item is mine or item == mine for mine in self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._pyro_special("__call__")(*args, **kwargs)

    def _pyro_has(self, name: str) -> bool:
        self._pyro.known_metadata()
        return self._pyro._profile.offers(name)

    def _pyro_special(self, name: str) -> Any:
        """The remote method behind an operator; kept under a name of its own, as the class has that one."""
        if not self._pyro_has(name):
            raise TypeError(f"remote object '{self._pyro.uri}' does not expose {name}, which this needs")
        return RemoteMethod(self._pyro._channel, name)

    def _pyro_items(self) -> Iterator[Any]:
        """Items by number until there are no more, as Python iterates what has no ``__iter__``."""
        number = 0
        while True:
            try:
                item = self[number]
            except IndexError:
                return
            yield item
            number += 1


def proxy_for(
    reference: ObjectRef,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
    asker: Profile | None = None,
) -> Proxy:
    """A proxy for a reference that was received.

    Args:
        reference: The reference.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.
        asker: Of the proxy that received it; None if there is none.
    """
    proxy = Proxy(reference.uri, settings=settings, rules=rules)
    profile = proxy._pyro._profile
    profile.learn(reference.metadata)
    profile.token = None if asker is None else asker.token_for(reference.uri)
    profile.handshake = reference.handshake
    profile.chosen_serializer = reference.serializer
    return proxy


def _profile(uri: URI, settings: ClientSettings | None, rules: ClassRules | None) -> Profile:
    profile = Profile(uri, settings, rules)
    if profile.rules.revive is None:
        if rules is not None:
            profile.rules = rules.copy()  # the given ones are for others too
        profile.rules.revive = partial(
            proxy_for, settings=profile.settings, rules=profile.rules, asker=profile
        )
    return profile


def _given_uri(uri: str | URI) -> URI:
    if isinstance(uri, str) and not uri.upper().startswith("PYRO:"):
        return URI(f"PYRO:{uri}@{_GIVEN}")
    return URI(f"PYRO:{URI(uri).object}@{_GIVEN}")


def _forget_methods(proxy: ref[Proxy]) -> None:
    """Drop the callables of methods that the object no longer has."""
    owner = proxy()
    if owner is not None:
        profile = owner._pyro._profile
        for name in [name for name in vars(owner) if not name.startswith(_OWN)]:
            if not profile.offers(name):
                del owner.__dict__[name]


def _restored(
    cls: type[Proxy],
    uri: str,
    oneway: list[str],
    methods: list[str],
    attrs: list[str],
    handshake: Any,
    serializer: str | None,
) -> Proxy:
    proxy = cls.__new__(cls)
    profile = _profile(URI(uri), None, None)
    profile.learn(Metadata(frozenset(methods), frozenset(oneway), frozenset(attrs)))
    profile.handshake = handshake
    profile.chosen_serializer = serializer
    proxy._pyro_assemble(profile)
    return proxy
