"""What surrounds calls: connections, sessions, metadata, annotations, references."""

from uuid import UUID

import pytest

from behaviour.clients import Client
from pyro_core import context
from pyro_core.errors import ConnectionRejected

ID = UUID("11112222-3333-4444-5555-666677778888")


async def test_the_correlation_id_reaches_the_server(client: Client) -> None:
    with context.outgoing(correlation_id=ID):
        assert await client.call("correlation") == str(ID)


async def test_calls_that_a_method_makes_carry_its_correlation_id(client: Client) -> None:
    with context.outgoing(correlation_id=ID):
        assert await client.call("correlation_elsewhere", client.elsewhere) == [str(ID), str(ID)]


async def test_annotations_travel_both_ways(client: Client) -> None:
    with context.outgoing({"TEST": b"from the client"}) as block:
        assert await client.call("annotations") == {"TEST": "from the client"}
    assert bytes(block.response_annotations["RESP"]) == b"from the server"
    assert await client.call("annotations") == {}


async def test_a_single_instance_is_everybodys(client: Client) -> None:
    async with client.another("counter-single") as one, client.another("counter-single") as two:
        first = await one.call("count")
        assert await two.call("count") == first + 1


async def test_each_connection_has_its_session_instance(client: Client) -> None:
    async with client.another("counter-session") as one, client.another("counter-session") as two:
        assert [await one.call("count"), await one.call("count"), await two.call("count")] == [1, 2, 1]
        await one.release()
        assert await one.call("count") == 1


async def test_each_call_has_its_percall_instance(client: Client) -> None:
    async with client.another("counter-percall") as one:
        assert [await one.call("count"), await one.call("count")] == [1, 1]


async def test_what_a_connection_owns_is_closed_with_it(client: Client) -> None:
    key = client.key()
    async with client.another() as other:
        await other.call("track", key)
        assert await client.call("noted", key) == []
    await client.until_noted(key, "closed")


async def test_a_registered_object_becomes_a_proxy(client: Client) -> None:
    async with client.of(await client.call("part", "wheel")) as part:
        assert await part.call("name") == "wheel"


async def test_metadata_tells_methods_oneways_and_attributes(client: Client) -> None:
    await client.bind()
    metadata = client.proxy._pyro.metadata
    assert {"add", "note", "async_add", "count_to"} <= metadata.methods
    assert "hidden" not in metadata.methods
    assert metadata.oneway == {"note", "note_after"}
    assert metadata.attrs == {"value", "maker", "broken"}


async def test_what_is_not_there_is_refused_without_asking(client: Client) -> None:
    await client.bind()
    with pytest.raises(AttributeError, match="'teleport'"):
        await client.call("teleport")


async def test_a_sign_of_life(client: Client) -> None:
    await client.control("ping")
    assert await client.call("add", 1) == 2


async def test_a_released_proxy_connects_again(client: Client) -> None:
    await client.call("nothing")
    assert client.proxy._pyro.connected
    await client.release()
    assert not client.proxy._pyro.connected
    assert await client.call("add", 1) == 2
    assert client.proxy._pyro.connected


async def test_reconnecting_makes_a_new_connection(client: Client) -> None:
    await client.bind()
    connection = client.proxy._pyro.connection
    await client.control("reconnect", 3)
    assert client.proxy._pyro.connection is not connection
    assert await client.call("add", 1) == 2


async def test_the_server_may_refuse_a_handshake(client: Client) -> None:
    async with client.another() as other:
        other.proxy._pyro.handshake = "unwelcome"
        with pytest.raises(ConnectionRejected, match="we know you"):
            await other.bind()
        other.proxy._pyro.handshake = "hello"
        assert await other.call("add", 1) == 2
