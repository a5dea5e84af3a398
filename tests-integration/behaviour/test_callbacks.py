"""Calls from the server to the client, over the connection of the client."""

from typing import Any

import pytest

from behaviour.clients import Client
from pyro_core.expose import expose


class Target:
    @expose
    def double(self, value: int) -> int:
        return 2 * value


async def test_the_server_calls_a_function_of_the_client(client: Client) -> None:
    async def negative(value: int) -> int:
        return -value

    assert await client.call("call_back", await client.offer(negative), 7) == -7
    assert await client.call("call_back_often", await client.offer(negative), 20) == [-n for n in range(20)]


async def test_the_server_calls_an_object_of_the_client(client: Client) -> None:
    assert await client.call("call_method", await client.offer_object(Target()), 21) == 42


async def test_a_callback_calls_the_same_proxy(client: Client) -> None:
    async def through_the_server(value: int) -> Any:
        return await client.call("add", value, 100)

    assert await client.call("call_back", await client.offer(through_the_server), 5) == 105


async def test_callbacks_in_callbacks(client: Client) -> None:
    offered: list[Any] = []

    async def countdown(value: int) -> Any:
        return [value, *(await client.call("call_back", offered[0], value - 1) if value else [])]

    offered.append(await client.offer(countdown))
    assert await client.call("call_back", offered[0], 5) == [5, 4, 3, 2, 1, 0]


async def test_an_error_in_a_callback_reaches_the_server_and_comes_back(client: Client) -> None:
    async def fail(value: int) -> None:
        raise LookupError(f"no {value} here")

    with pytest.raises(LookupError, match="no 3 here"):
        await client.call("call_back", await client.offer(fail), 3)
    assert await client.call("add", 1) == 2
