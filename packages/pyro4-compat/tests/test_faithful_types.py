"""``config.FAITHFUL_TYPES``: between two of our own, values arrive with the types that they had."""

import datetime
import decimal
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4

VALUES: list[Any] = [
    (1, (2, [3])),
    {1, 2},
    set(),
    frozenset({1}),
    b"ab",
    1 + 2j,
    {1: "a", (1, 2): "b", None: 0},
    {"__class__": "of nothing"},
    2**70,
    datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
    datetime.date(2020, 1, 2),
    datetime.timedelta(days=1, microseconds=2),
    decimal.Decimal("1.50"),
    uuid.UUID(int=5),
    OrderedDict(a=1),
    deque([1]),
    Pyro4.URI("PYRO:thing@localhost:9999"),
]
SERIALIZERS = ["serpent", "json", "marshal", "msgpack", "pickle", "cloudpickle", "dill"]


@Pyro4.expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value

    def kind(self, value: Any) -> str:
        return type(value).__name__

    def fail(self, value: Any) -> None:
        raise ValueError(value)

    def items(self, value: Any) -> Iterator[Any]:
        yield value

    def itself(self) -> Any:
        return self


@pytest.fixture(scope="module", params=[True, False], ids=["daemon with it", "daemon without"])
def uri(request: pytest.FixtureRequest) -> Iterator[Pyro4.URI]:
    Pyro4.config.reset(False)
    Pyro4.config.SERIALIZERS_ACCEPTED = set(SERIALIZERS)
    Pyro4.config.FAITHFUL_TYPES = request.param
    with Pyro4.Daemon() as daemon:
        uri = daemon.register(Echo())
        thread = threading.Thread(target=daemon.requestLoop)
        thread.start()
        yield uri
        daemon.shutdown()
        thread.join(10)


@pytest.fixture(params=SERIALIZERS)
def proxy(request: pytest.FixtureRequest, uri: Pyro4.URI) -> Iterator[Any]:
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroSerializer = request.param
        yield proxy


def test_values_arrive_as_what_they_were(proxy: Any) -> None:
    Pyro4.config.FAITHFUL_TYPES = True
    for value in VALUES:
        for back in (proxy.echo(value), next(proxy.items([value]))[0], in_batch(proxy, value)):
            assert (type(back), back) == (type(value), value)
        assert proxy.kind(value) == type(value).__name__
        with pytest.raises(ValueError) as caught:  # its arguments are looked at
            proxy.fail(value)
        assert caught.value.args == (value,)


def in_batch(proxy: Any, value: Any) -> Any:
    batch = Pyro4.batch(proxy)
    batch.echo(value)
    return next(batch())


def test_registered_objects_become_proxies_all_the_same(proxy: Any) -> None:
    Pyro4.config.FAITHFUL_TYPES = True
    with proxy.itself() as other:
        assert isinstance(other, Pyro4.Proxy)
        assert other.echo((1,)) is not None


def test_the_client_decides(uri: Pyro4.URI) -> None:
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroSerializer = "json"
        assert proxy.echo((1, 2)) == [1, 2]
        assert proxy.kind((1, 2)) == "list"
        proxy._pyroRelease()
        Pyro4.config.FAITHFUL_TYPES = True
        assert proxy.echo((1, 2)) == (1, 2)
        assert proxy.kind({1}) == "set"
