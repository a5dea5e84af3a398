"""Finding a name server from asyncio code."""

import asyncio

import pytest

from pyro_client import ClientSettings, NameServerNotFound, locate_ns_async
from pyro_core.settings import NameServerSettings
from pyro_nameserver import start_ns

ALONE = ClientSettings(broadcast_addresses=())


def test_the_name_server_is_found_and_answers() -> None:
    async def count(host: str, port: int) -> int:
        async with await locate_ns_async(host, port, settings=ALONE) as names:
            found: int = await names.count()
            return found

    with start_ns(port=0, broadcast=False) as names:
        assert asyncio.run(count("localhost", names.uri.port or 0)) == 1


def test_a_token_is_said_to_who_asks_for_one() -> None:
    settings = NameServerSettings(port=0, broadcast=False, read_tokens=("a-token",))

    async def count(port: int, token: str | None) -> int:
        own = ClientSettings(broadcast_addresses=(), ns_token=token)
        async with await locate_ns_async("localhost", port, settings=own) as names:
            found: int = await names.count()
            return found

    with start_ns(settings=settings) as names:
        port = names.uri.port or 0
        assert asyncio.run(count(port, "a-token")) == 1
        with pytest.raises(NameServerNotFound, match="asks for a token"):
            asyncio.run(count(port, None))


def test_where_there_is_none_the_error_says_what_was_tried() -> None:
    with pytest.raises(NameServerNotFound, match="localhost:1: connection refused"):
        asyncio.run(locate_ns_async("localhost", 1, settings=ALONE))
