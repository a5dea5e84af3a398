"""What ``proxy.name`` of an ``AsyncProxy`` is for attributes, and for anything that is not known yet."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from pyro_client.async_remote_method import AsyncRemoteMethod

if TYPE_CHECKING:
    from pyro_client.async_proxy import AsyncControl


class AsyncMember(AsyncRemoteMethod):
    """A method to be called, ``await proxy.name(...)``, or an attribute to be read, ``await proxy.name``.

    Which of the two it is need not be known before it is awaited: looking at a name never connects.

    Args:
        control: That of the proxy.
        name: Name of the member.
    """

    __slots__ = ("_control",)

    def __init__(self, control: "AsyncControl", name: str) -> None:
        super().__init__(control._channel, name)
        self._control = control

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._read().__await__()

    async def _read(self) -> Any:
        control, name = self._control, self.__name__
        if not control.metadata:
            await control.bind()
        if name in control.metadata.attrs:
            return await control.get(name)
        if control._profile.offers(name):
            raise TypeError(f"{name!r} is a remote method: use 'await proxy.{name}(...)'")
        raise control._profile.missing(name)

    def __repr__(self) -> str:
        return f"<remote member {self.__name__} of {self._profile.uri}>"
