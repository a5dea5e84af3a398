"""Values and causes arrive whole between our peers, and as well as it can be done with stock ones.

The numbers are those of ``docs/reference/promises.md``.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import processes
import pytest
from promise_server import Server, run_server
from stock_env import stock_python

from pyro_client import Proxy
from pyro_core.errors import SerializeError
from pyro_core.settings import ClientSettings

SERIALIZERS = ["serpent", "json", "marshal", "msgpack"]


@pytest.fixture(scope="module", params=["threaded", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with run_server(request.param) as running:
        yield running


@pytest.fixture(params=SERIALIZERS)
def proxy(server: Server, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with Proxy(server.uri, settings=ClientSettings(serializer=request.param)) as proxy:
        yield proxy


@pytest.fixture(scope="module", params=["4", "5"])
def stock_server(request: pytest.FixtureRequest) -> Iterator[str]:
    with processes.server("stock_server.py", request.param, python=stock_python()) as uri:
        yield uri


def test_c1_bytes_arrive_as_bytes(proxy: Proxy) -> None:
    for data in (b"", b"raw\x00\xff", bytes(range(256)) * 100):
        assert proxy.kind_of(data) == "bytes"
        assert proxy.echo({"deep": [data]}) == {"deep": [data]}


@pytest.mark.parametrize("generation", ["4", "5"])
def test_c1_bytes_of_a_stock_client_arrive_as_bytes(server: Server, generation: str) -> None:
    found = processes.outcomes(stock_python(), "stock_values.py", generation, str(server.uri))
    assert found["kinds"] == ["bytes", "bytes"]


@pytest.mark.parametrize("serializer", ["serpent", "marshal", "msgpack"])
def test_c1_bytes_of_a_stock_server_arrive_as_bytes(stock_server: str, serializer: str) -> None:
    with Proxy(stock_server, settings=ClientSettings(serializer=serializer)) as proxy:
        assert proxy.echo(b"raw\x00\xff") == b"raw\x00\xff"


@pytest.mark.parametrize(
    "value",
    [
        (1, (2, [3])),
        {1, 2},
        frozenset({"a"}),
        {(1, 2): {None: 1.5}},
        datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
        date(2026, 1, 2),
        time(3, 4, 5),
        timedelta(days=1, microseconds=1),
        UUID(int=7),
        Decimal("1.10"),
        Fraction(1, 3),
        1 << 100,
        2 - 1j,
        range(3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_c2_values_are_what_they_were(proxy: Proxy, value: Any) -> None:
    assert proxy.kind_of(value) == type(value).__name__
    back = proxy.echo([value])
    assert (type(back), type(back[0]), back) == (list, type(value), [value])


def test_c3_a_dict_with_a_class_key_is_a_dict(proxy: Proxy) -> None:
    tricky = {"__class__": "int", "deep": [{"__class__": "builtins.ValueError", "args": []}]}
    assert proxy.kind_of(tricky) == "dict"
    assert proxy.echo(tricky) == tricky


def test_c3_with_a_stock_server_the_error_names_the_key(stock_server: str) -> None:
    with (
        Proxy(stock_server) as proxy,
        pytest.raises(SerializeError, match=r"key '__class__' stands for an object"),
    ):
        proxy.echo({"deep": {"__class__": "int"}})


def test_b6_causes_and_groups_are_kept(proxy: Proxy) -> None:
    with pytest.raises(ValueError, match="no paper") as caught:
        proxy.fail_for_a_reason()
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert cause.args == ("tray",)
    with pytest.raises(ExceptionGroup, match="two things") as group:
        proxy.fail_twice()
    assert [type(error) for error in group.value.exceptions] == [ValueError, KeyError]


@pytest.mark.parametrize("generation", ["4", "5"])
def test_b4_an_exception_with_an_attribute_that_cannot_travel_arrives_without_it(
    server: Server, generation: str
) -> None:
    found = processes.outcomes(stock_python(), "stock_values.py", generation, str(server.uri))
    assert found["odd"] == [["odd", 5]] * 3


@pytest.mark.parametrize("generation", ["4", "5"])
def test_b6_a_stock_client_reads_of_the_cause_in_the_traceback(server: Server, generation: str) -> None:
    found = processes.outcomes(stock_python(), "stock_values.py", generation, str(server.uri))
    assert "KeyError: 'tray'" in found["traceback"]
    assert "direct cause" in found["traceback"]
    assert "ValueError: no paper" in found["traceback"]
