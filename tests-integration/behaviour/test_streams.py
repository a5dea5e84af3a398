"""Streams of items, both ways."""

import threading

import pytest

from behaviour.clients import PATIENCE_S, Client

MANY = 10_000
FEW = 200
"""Streams of a stock server take one call for each item."""


def many(client: Client) -> int:
    return FEW if client.combination.is_stock else MANY


async def test_a_stream_without_items(client: Client) -> None:
    items = await client.items("count_to", 0)
    assert await items.all() == []
    assert await items.all() == []


async def test_a_stream_of_one_item(client: Client) -> None:
    assert await (await client.items("count_to", 1)).all() == [1]


async def test_a_stream_of_many_items(client: Client) -> None:
    number = many(client)
    assert await (await client.items("count_to", number)).all() == list(range(1, number + 1))


async def test_any_iterator_is_a_stream(client: Client) -> None:
    assert await (await client.items("iterator")).all() == ["a", "b", "c"]


async def test_an_error_comes_after_the_items_before_it(client: Client) -> None:
    items = await client.items("fail_after", 3)
    assert [await items.next() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError, match="no more items"):
        await items.next()
    assert await items.all() == []


async def test_a_stream_that_ends_runs_the_generators_finally(client: Client) -> None:
    key = client.key()
    assert await (await client.items("count_to", 3, key)).all() == [1, 2, 3]
    await client.until_noted(key, "closed")


async def test_closing_early_runs_the_generators_finally(client: Client) -> None:
    key = client.key()
    items = await client.items("endless", key)
    assert [await items.next() for _ in range(3)] == [0, 1, 2]
    await items.close()
    await items.close()
    assert await items.all() == []
    await client.until_noted(key, "closed")


async def test_two_streams_at_the_same_time(client: Client) -> None:
    first = await client.items("count_to", 50)
    second = await client.items("count_to", 50)
    pairs = [(await first.next(), await second.next()) for _ in range(50)]
    assert pairs == [(number, number) for number in range(1, 51)]
    assert await client.call("add", 1) == 2
    assert await first.all() == await second.all() == []


async def test_calls_in_the_middle_of_a_stream(client: Client) -> None:
    key = client.key()
    items = await client.items("endless", key)
    for number in range(20):
        assert await items.next() == number
        assert await client.call("add", number) == number + 1
    await items.close()


async def test_an_async_generator_is_a_stream(client: Client) -> None:
    key = client.key()
    assert await (await client.items("async_count_to", 100, key)).all() == list(range(1, 101))
    await client.until_noted(key, "closed")


async def test_closing_an_async_generator_early_runs_its_finally(client: Client) -> None:
    key = client.key()
    items = await client.items("async_count_to", MANY, key)
    assert await items.next() == 1
    await items.close()
    await client.until_noted(key, "closed")


async def test_a_generator_as_an_argument(client: Client) -> None:
    closed = threading.Event()
    assert await client.call("total", client.generator(range(2_000), closed.set)) == sum(range(2_000))
    assert closed.is_set()


async def test_the_server_ends_a_generator_that_is_an_argument(client: Client) -> None:
    closed = threading.Event()
    many = client.generator(range(1_000_000_000), closed.set)
    assert await client.call("first_of", many, 3) == [0, 1, 2]

    async def is_closed() -> bool:
        await client.call("nothing")  # gives the loop of an asyncio client its turns
        return closed.is_set()

    await client.until(is_closed, True)


async def test_a_generator_there_and_back(client: Client) -> None:
    closed = threading.Event()
    items = await client.items("doubled", client.generator(range(3_000), closed.set))
    assert await items.all() == list(range(0, 6_000, 2))
    assert closed.wait(PATIENCE_S)


async def test_an_error_in_a_generator_that_is_an_argument(client: Client) -> None:
    def fail() -> None:
        raise LookupError("nothing left here")

    with pytest.raises(LookupError, match="nothing left here"):
        await client.call("total", client.generator(range(10), fail))
    assert await client.call("add", 1) == 2
