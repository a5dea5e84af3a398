"""What ``proxy.method`` is."""

from __future__ import annotations

from pyro_client.channel import Channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspect import Signature
    from typing import Any, Self

    from pyro_client.profile import Profile
    from pyro_core.descriptions import MethodDescription


class _Doc:
    """``__doc__``: of the class its own, of a remote method what the server says."""

    def __init__(self, of_class: str | None) -> None:
        self._of_class = of_class

    def __get__(self, method: RemoteMember | None, cls: type) -> str | None:
        if method is None:
            return self._of_class
        described = method._described()
        return (described and described.doc) or f"Call {method.__name__} of {method._profile.uri}."


class _Signature:
    """``__signature__`` of a remote method: what the server says, or ``(*args, **kwargs)``."""

    def __get__(self, method: RemoteMember | None, cls: type) -> Signature:
        if method is None:
            raise AttributeError("only remote methods themselves have a __signature__")
        from pyro_client.remote_members import signature_of

        return signature_of(method._described())


class RemoteMember:
    """What the callables of both proxies have in common: they know their name, and look like routines.

    Args:
        name: Name of the method.
        qualname: The same with the name of the proxy's class.
        profile: That of the proxy.
    """

    __slots__ = ("__name__", "__qualname__", "__weakref__", "_profile")

    __doc__ = _Doc(__doc__)
    __signature__ = _Signature()

    def __init_subclass__(cls) -> None:
        type.__setattr__(cls, "__doc__", _Doc(vars(cls).get("__doc__")))

    def __init__(self, name: str, qualname: str, profile: Profile) -> None:
        self.__name__ = name
        self.__qualname__ = qualname
        self._profile = profile

    def _described(self) -> MethodDescription | None:
        """What the server says about the method; None if it does not, or cannot be asked now."""
        known = self._profile.description
        return None if known is None else known.methods.get(self.__name__)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        # Makes `inspect.isroutine` true, so that `help` shows name and signature. There is nothing to bind.
        return self

    def __repr__(self) -> str:
        return f"<remote method {self.__name__} of {self._profile.uri}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class RemoteMethod(RemoteMember):
    """Calls one remote method; made once per proxy and method.

    ``inspect.signature``, ``inspect.getdoc`` and ``help`` ask the server, the first time that any of them is
    used with a proxy.

    Args:
        channel: Makes the calls.
        name: Name of the method.
    """

    __slots__ = ("_call", "_channel")

    def __init__(self, channel: Channel, name: str) -> None:
        super().__init__(name, f"Proxy.{name}", channel.profile)
        self._channel = channel
        self._call = channel.call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self.__name__, args, kwargs)

    def _described(self) -> MethodDescription | None:
        from pyro_client.remote_members import describe
        from pyro_core.errors import PyroError

        try:
            return describe(self._channel).methods.get(self.__name__)
        except PyroError:
            return None  # whoever looks at a docstring does not want to hear of the network
