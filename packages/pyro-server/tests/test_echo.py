import math
from typing import Any

import pytest

from pyro_core.names import DAEMON_ID
from pyro_server.echo import EchoServer


@pytest.fixture
def stops() -> list[str]:
    return []


@pytest.fixture
def client(connect: Any, stops: list[str]) -> Any:
    return connect(EchoServer(lambda: stops.append("stop"), slow_s=0))


def test_it_offers_what_stock_test_clients_use(client: Any) -> None:
    members = client.ask_daemon("get_metadata", "thing", True)
    assert members == {
        "methods": [
            "__dunder__",
            "echo",
            "error",
            "error_with_text",
            "generator",
            "inf",
            "nan",
            "oneway_echo",
            "oneway_slow",
            "shutdown",
            "slow",
        ],
        "oneway": ["oneway_echo", "oneway_slow", "shutdown"],
        "attrs": ["verbose"],
    }


def test_it_answers_with_what_it_is_told(client: Any) -> None:
    assert client.call("echo", ["x", 1]) == ["x", 1]
    assert client.call("__dunder__") == "Double underscore method has been called"
    assert client.call("slow") == "Finally, an answer!"
    assert math.isnan(client.call("nan"))
    assert client.call("inf") == math.inf
    client.oneway("oneway_echo", "x")
    client.oneway("oneway_slow")


def test_it_fails_on_demand(client: Any) -> None:
    with pytest.raises(Exception, match="expected error from echoserver"):
        client.call("error")
    with pytest.raises(ValueError, match="the message of the error"):
        client.call("error_with_text")


def test_it_streams(client: Any) -> None:
    stream_id = client.invoke("generator", (), {}).annotations["STRM"].decode()
    items = [
        client.value(client.invoke("get_next_stream_item", (stream_id,), {}, object_id=DAEMON_ID))
        for _ in range(3)
    ]
    assert items == ["one", "two", "three"]


def test_it_tells_of_its_calls_if_wanted(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client.call("echo", "quiet")
    client.value(client.invoke("__setattr__", ("verbose", True), None))
    assert client.value(client.invoke("__getattr__", ("verbose",), None)) is True
    client.call("echo", "loud")
    assert capsys.readouterr().out == "echo 'loud'\n"


def test_it_ends_on_demand(client: Any, stops: list[str]) -> None:
    client.oneway("shutdown")
    assert stops == ["stop"]
    EchoServer(slow_s=0).shutdown()
