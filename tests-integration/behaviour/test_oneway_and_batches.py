"""Calls that nobody waits for, and several calls in one message."""

from behaviour.clients import Client, Items


async def test_a_oneway_call_returns_at_once_and_runs(client: Client) -> None:
    key = client.key()
    assert await client.call("note", key, "done") is None
    await client.until_noted(key, "done")


async def test_nobody_waits_for_a_oneway_call(client: Client) -> None:
    """It can end only after the call that comes after it."""
    key = client.key()
    assert await client.call("note_after", key, "go", "done") is None
    await client.call("noted_now", key, "go")
    await client.until_noted(key, "go", "done")


async def test_a_batch_gives_all_results_in_order(client: Client) -> None:
    results = await client.batch(("add", 1, 2), ("echo", {"a": [None]}), ("nothing",))
    assert results == [3, {"a": [None]}, None]


async def test_an_empty_batch_gives_nothing(client: Client) -> None:
    assert await client.batch() == []


async def test_a_batch_ends_with_its_first_failure(client: Client) -> None:
    key = client.key()
    results = await client.batch(("add", 1, 2), ("divide", 1, 0), ("noted_now", key, "never"))
    assert results[:-1] == [3]
    assert isinstance(results[-1], ZeroDivisionError)
    assert await client.call("noted", key) == []


async def test_a_oneway_batch_runs(client: Client) -> None:
    key = client.key()
    assert await client.batch_oneway(("note", key, "one"), ("note", key, "two")) is None
    await client.until_noted(key, "one", "two")


async def test_async_methods_in_a_batch(client: Client) -> None:
    assert await client.batch(("async_add", 1, 2), ("add", 3, 4)) == [3, 7]


async def test_a_generator_in_a_batch_is_a_stream(client: Client) -> None:
    before, items, after = await client.batch(("add", 1, 2), ("count_to", 4), ("add", 3, 4))
    assert isinstance(items, Items)
    assert await items.all() == [1, 2, 3, 4]
    assert [before, after] == [3, 7]
