"""What a client holds of another process: modules, functions, and objects that stay there."""

import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyro_client.proxy import Proxy


class Link:
    """The way to a flame object.

    Args:
        proxy: Its proxy.
    """

    def __init__(self, proxy: Proxy) -> None:
        self.proxy: Any = proxy
        self._unused: deque[int] = deque()

    @property
    def place(self) -> str:
        """Where that is."""
        return str(self.proxy._pyro.uri.location)

    def ask(self, method: str, *args: Any) -> Any:
        """What a reply of the flame object stands for."""
        if self._unused:
            self.proxy.drop([self._unused.popleft() for _ in range(len(self._unused))])
        return self.revive(getattr(self.proxy, method)(*args))

    def revive(self, reply: Sequence[Any]) -> Any:
        """The value, or what stands for what could not travel."""
        kind, what, *more = reply
        if kind == "value":
            return what
        if kind == "module":
            return RemoteModule(self, what)
        found = RemoteObject(self, what, *more)
        weakref.finalize(found, self._unused.append, what).atexit = False
        return found

    def call(self, method: str, *where: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a call.

        Args:
            method: Of the flame object.
            where: Its first arguments: what is called.
            args: Positional arguments of what is called.
            kwargs: Its keyword arguments.
        """
        given = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
        remote = {name: _held(value) for name, value in given.items() if isinstance(value, _Remote)}
        positional = [None if isinstance(value, _Remote) else value for value in args]
        named = {name: value for name, value in kwargs.items() if name not in remote}
        numbers = {name: value._number for name, value in remote.items()}
        return self.ask(method, *where, positional, named, numbers)


class _Remote:
    """Something of another process."""

    __slots__ = ("__weakref__", "_link")

    def __init__(self, link: Link) -> None:
        self._link = link


class RemoteModule(_Remote):
    """A module of another process: its functions can be called, its values read."""

    __slots__ = ("_name", "_names")

    def __init__(self, link: Link, name: str) -> None:
        super().__init__(link)
        self._name = name
        self._names: dict[str, bool] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        if self._known().get(name):
            return RemoteFunction(self._link, self._name, name)
        return self._link.ask("read", self._name, name)

    def __dir__(self) -> list[str]:
        return sorted(self._known())

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {self._name!r} at {self._link.place}>"

    def _known(self) -> dict[str, bool]:
        """Names in it -> whether they can be called."""
        if self._names is None:
            self._names = dict(self._link.proxy.module(self._name))
        return self._names


class RemoteFunction(_Remote):
    """Something in a module of another process that can be called."""

    __slots__ = ("_module", "_path")

    def __init__(self, link: Link, module: str, path: str) -> None:
        super().__init__(link)
        self._module = module
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        return self._link.ask("read", self._module, f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._link.call("call", self._module, self._path, args=args, kwargs=kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {f'{self._module}.{self._path}'!r} at {self._link.place}>"


class RemoteObject(_Remote):
    """An object of another process, which lives there as long as this, and as the connection.

    Attributes, calls, items, ``in``, ``len``, ``for``, ``with`` and ``str`` go there. It can be an argument
    of calls there.
    """

    __slots__ = ("_number", "_type")

    def __init__(self, link: Link, number: int, type_name: str) -> None:
        super().__init__(link)
        self._number = number
        self._type = type_name

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        return self._link.ask("read_held", self._number, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("__call__", *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._do("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._do("__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        return bool(self._do("__contains__", item))

    def __len__(self) -> int:
        try:
            return int(self._do("__len__"))
        except AttributeError:  # what list(...) and others expect of what has no length
            raise TypeError(f"the {self._type} over there has no len()") from None

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return map(self._link.revive, self._link.proxy.items(self._number))

    def __enter__(self) -> Any:
        return self._do("__enter__")

    def __exit__(self, *_: object) -> None:
        self._do("__exit__", None, None, None)

    def __str__(self) -> str:
        return str(self._do("__str__"))

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {self._type!r} at {self._link.place}>"

    def _do(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self._link.call("call_held", self._number, name, args=args, kwargs=kwargs)


def _held(value: Any) -> RemoteObject:
    """The object over there that an argument means."""
    if isinstance(value, RemoteFunction):
        value = value._link.ask("read", value._module, value._path)
    if not isinstance(value, RemoteObject):
        raise TypeError(f"{value!r} cannot be an argument; use it in execute(...) instead")
    return value
