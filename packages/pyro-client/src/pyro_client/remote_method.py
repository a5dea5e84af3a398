"""What ``proxy.method`` is."""

from __future__ import annotations

from collections.abc import Callable

from pyro_client.channel import Channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def remote_method(channel: Channel, name: str) -> Callable[..., Any]:
    """A callable that calls one remote method; made once per proxy and method.

    Args:
        channel: Makes the calls.
        name: Name of the method.
    """
    call = channel.call

    def method(*args: Any, **kwargs: Any) -> Any:
        return call(name, args, kwargs)

    method.__name__ = name
    method.__qualname__ = f"Proxy.{name}"
    method.__doc__ = f"Call {name} of {channel.profile.uri}."
    return method
