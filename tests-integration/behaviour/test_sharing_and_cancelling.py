"""Several calls over one connection, calls that are taken back, and deadlines."""

import asyncio

import pytest

from behaviour.clients import Client
from pyro_core.errors import TimeoutError

TOGETHER = 10


async def test_several_calls_at_the_same_time(client: Client) -> None:
    calls = [("add", number, 1) for number in range(50)]
    assert await client.together(*calls) == list(range(1, 51))


async def test_several_calls_that_wait_for_each_other(client: Client) -> None:
    key = client.key()
    async with client.another() as other:
        assert await other.together(*[("meet", key, TOGETHER)] * TOGETHER) == [True] * TOGETHER


async def test_some_calls_fail_and_others_do_not(client: Client) -> None:
    items = [await client.items("count_to", 3) for _ in range(3)]
    with pytest.raises(ZeroDivisionError):
        await client.together(*[("add", 1), ("divide", 1, 0)] * 5)
    assert [await stream.all() for stream in items] == [[1, 2, 3]] * 3


GIVEN_UP = (asyncio.CancelledError, TimeoutError)


@pytest.mark.any_serializer
async def test_giving_up_a_call_ends_an_async_method(client: Client) -> None:
    key = client.key()
    assert await client.give_up("async_wait", key) in GIVEN_UP
    await client.until_noted(key, "begun", "cancelled")


@pytest.mark.any_serializer
async def test_giving_up_a_call_ends_a_method_that_looks_now_and_then(client: Client) -> None:
    await client.bind()
    connection = client.proxy._pyro.connection
    key = client.key()
    assert await client.give_up("wait", key) in GIVEN_UP
    await client.until_noted(key, "begun", "cancelled")
    assert client.proxy._pyro.connection is connection


async def test_a_method_knows_the_deadline_of_its_caller(client: Client) -> None:
    assert await client.call("remaining_s") is None
    client.proxy._pyro.timeout_s = 30
    try:
        assert 20 < await client.call("remaining_s") <= 30
    finally:
        client.proxy._pyro.timeout_s = None


async def test_calls_that_a_method_makes_inherit_its_deadline(client: Client) -> None:
    client.proxy._pyro.timeout_s = 30
    try:
        here, elsewhere = await client.call("remaining_elsewhere_s", client.elsewhere)
    finally:
        client.proxy._pyro.timeout_s = None
    assert 20 < elsewhere <= here <= 30
