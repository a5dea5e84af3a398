"""What a call brings back is true and its own: shown with a real server, in its own process.

The numbers are those of ``docs/reference/promises.md``.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from promise_server import POOL, Server, answer, run_server

from pyro_client import AsyncProxy, Proxy
from pyro_core.context import outgoing
from pyro_core.errors import CommunicationError, RemoteError, TimeoutError
from pyro_core.uri import URI
from pyro_core.wire import v502

SHORT_S = 0.2


@pytest.fixture(scope="module", params=["threaded", "multiplex"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with run_server(request.param) as running:
        yield running


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy whose connection must live as long as the test."""
    with Proxy(server.uri) as proxy:
        proxy._pyro.bind()
        first = proxy._pyro.connection
        yield proxy
        assert proxy.add(1, 1) == 2
        assert proxy._pyro.connection is first


@contextmanager
def trickling(server: Server, after: int) -> Iterator[URI]:
    """A way to the server on which one answer, after the first few, comes a byte per tenth of SHORT_S."""
    finished = threading.Event()

    def forward(client: socket.socket) -> None:
        with client, server.connect() as behind:
            for number in range(after + 1):
                behind.sendall(v502.encode(answer(client)))
                reply = v502.encode(answer(behind))
                if number < after:
                    client.sendall(reply)
            for byte in reply:
                if finished.wait(SHORT_S / 10):
                    return
                client.send(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        forwarder = threading.Thread(target=lambda: forward(listener.accept()[0]))
        forwarder.start()
        try:
            yield URI(f"PYRO:crowded@127.0.0.1:{listener.getsockname()[1]}")
        finally:
            finished.set()
            forwarder.join()


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_a6_b5_what_ends_a_program_ends_neither_server_nor_client(proxy: Proxy, kind: str) -> None:
    for _ in range(2 * POOL):  # a lost worker each time would leave none
        with pytest.raises(RemoteError, match="tried to end") as caught:
            proxy.leave(kind)
        assert caught.value.type_name == f"builtins.{kind}"
        # A call with an annotation takes another way through the server.
        with outgoing({"TEST": b""}), pytest.raises(RemoteError, match="tried to end"):
            proxy.leave(kind)


@pytest.mark.parametrize("method", ["lose_connection", "call_nobody"])
def test_a6_a_failed_nested_call_is_answered(proxy: Proxy, method: str) -> None:
    for _ in range(2 * POOL):
        with pytest.raises(CommunicationError, match=r"broke|cannot connect"):
            getattr(proxy, method)()


@pytest.mark.parametrize("after", [1, 2], ids=["first call", "later call"])
def test_b1_a_timeout_is_for_the_whole_call_however_slowly_the_answer_comes(
    server: Server, after: int
) -> None:
    with trickling(server, after) as uri, Proxy(uri) as proxy:
        for _ in range(after - 1):
            proxy.echo(1)
        proxy._pyro.bind()
        proxy._pyro.timeout_s = SHORT_S
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            proxy.echo("x" * 100)
        assert SHORT_S * 0.9 < time.monotonic() - began < SHORT_S * 10


def test_b1_a_timeout_is_for_the_whole_call_with_asyncio_too(server: Server) -> None:
    async def impatient(uri: URI) -> float:
        async with AsyncProxy(uri) as proxy:
            await proxy._pyro.bind()
            proxy._pyro.timeout_s = SHORT_S
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await proxy.echo("x" * 100)
            return time.monotonic() - began

    with trickling(server, after=1) as uri:
        assert SHORT_S * 0.9 < asyncio.run(impatient(uri)) < SHORT_S * 10


def test_b4_an_exception_that_nobody_knows_keeps_name_text_traceback_and_connection(proxy: Proxy) -> None:
    with pytest.raises(RemoteError, match="OutOfPaper: tray 2 is empty") as caught:
        proxy.fail_with_own_class()
    assert caught.value.type_name == "__main__.OutOfPaper"
    assert "in fail_with_own_class" in caught.value.remote_traceback


def test_b7_response_annotations_do_not_reach_another_reply(server: Server) -> None:
    with Proxy(server.uri) as one, Proxy(server.uri) as other:
        for _ in range(2):  # the second time on open connections, where calls take a shorter way
            with outgoing() as first:
                one.answer_with_annotation("mine")
            with outgoing() as second:
                other.add(1, 1)
            with outgoing() as third:
                one.add(1, 1)
            assert bytes(first.response_annotations["RESP"]) == b"mine"
            assert "RESP" not in second.response_annotations
            assert "RESP" not in third.response_annotations


def test_b7_a_correlation_id_does_not_reach_another_call(server: Server) -> None:
    mine = uuid4()
    with Proxy(server.uri) as one, Proxy(server.uri) as other:
        with outgoing(correlation_id=mine):
            assert UUID(one.correlation()) == mine
        without = [one.correlation(), other.correlation(), one.correlation()]
    assert len({mine.hex, *without}) == 4


def test_b8_creating_a_proxy_leaves_pending_annotations(server: Server, proxy: Proxy) -> None:
    with outgoing({"TEST": b"pending"}, correlation_id=uuid4()) as block:
        Proxy(server.uri)
        assert block.annotations == {"TEST": b"pending"}
        assert proxy.annotation("TEST") == "pending"


def test_s4_attributes_of_a_received_exception_replace_no_code(proxy: Proxy) -> None:
    names = ("with_traceback", "add_note", "__reduce__", "__str__", "__traceback__", "__cause__")
    with pytest.raises(ValueError, match="bad") as caught:
        proxy.fail_with({**dict.fromkeys(names, "replaced"), "shelf": 7})
    error = caught.value
    assert error.args == ("bad",)
    assert vars(error).keys().isdisjoint(names)
    assert error.with_traceback(None) is error
    assert vars(error)["shelf"] == 7
