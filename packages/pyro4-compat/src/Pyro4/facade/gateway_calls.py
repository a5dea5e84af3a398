"""How the HTTP gateway calls objects: by what they expose, and with their answers left as they are."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from Pyro4.core import Proxy
from Pyro4.errors import ProtocolError
from Pyro4.facade.failures import classic_errors
from pyro_core.context import outgoing
from pyro_core.names import GET_ATTRIBUTE
from pyro_core.wire.message import EXCEPTION, STREAM, Message

META = "$meta"
"""In the place of a method's name: asks which methods and attributes there are."""


class RemoteFailure(Exception):
    """The method raised an exception.

    Args:
        body: The exception, as JSON.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


def proxy_for(uri: Any, hmac_key: bytes | str | None, timeout_s: float | None) -> Proxy:
    """A proxy for one request, connected, that knows what its object exposes.

    Args:
        uri: Address of the object.
        hmac_key: The key that its server shares.
        timeout_s: How long anything may take; None for what is configured.

    Raises:
        CommunicationError: If the server cannot be reached.
    """
    proxy = Proxy(uri)
    proxy._pyroSerializer = "json"
    if hmac_key:
        proxy._pyroHmacKey = hmac_key
    if timeout_s:
        proxy._pyroTimeout = timeout_s
    try:
        proxy._pyroGetMetadata()
    except BaseException:
        proxy._pyroRelease()
        raise
    return proxy


def call(proxy: Proxy, member: str, parameters: Mapping[str, Any], correlation_id: UUID) -> bytes:
    """The result of a method, or the value of an attribute, as JSON; nothing for a one-way method.

    Args:
        proxy: The object.
        member: Name of the method or attribute.
        parameters: Keyword arguments.
        correlation_id: Goes along with the call.

    Raises:
        AttributeError: If the object exposes no such member.
        RemoteFailure: If the method raised an exception.
        ProtocolError: If the result is an item stream.
    """
    if member == META:
        known = {"methods": sorted(proxy._pyroMethods), "attributes": sorted(proxy._pyroAttrs)}
        return json.dumps(known).encode()
    if member in proxy._pyroAttrs:
        if parameters:
            raise TypeError(f"'{member}' is an attribute: it takes no parameters")
        answer = _answer(proxy, GET_ATTRIBUTE, (member,), None, correlation_id)
    elif member in proxy._pyroMethods:
        answer = _answer(proxy, member, (), parameters, correlation_id)
    else:
        raise AttributeError(
            f"remote object '{proxy._pyroUri}' has no exposed attribute or method '{member}'"
        )
    if answer is None:
        return b""
    if answer.flags & STREAM:
        raise ProtocolError(f"the result of '{member}' is an item stream, which HTTP clients cannot have")
    if answer.flags & EXCEPTION:
        raise RemoteFailure(bytes(answer.payload))
    return bytes(answer.payload)


def _answer(
    proxy: Proxy,
    method: str,
    args: tuple[Any, ...],
    parameters: Mapping[str, Any] | None,
    correlation_id: UUID,
) -> Message | None:
    with classic_errors(), outgoing(correlation_id=correlation_id):
        return proxy._pyro_channel.answer(method, args, parameters)
