"""The short way of a usual call gives what the long way gives."""

from typing import Any

import pytest

from pyro_core.uri import URI
from pyro_core.wire.message import RESULT
from pyro_server import expose

LONG = "x" * 100_000


def short_call(client: Any, method: str, *args: Any) -> Any:
    """Make a call in the short way; gives its value."""
    payload = client.serializer.encode_call("thing", method, args, {})
    plain = client.engine.plain
    number, taken = plain.take(client.session.call(client.serializer_id, payload))
    assert taken == payload
    answer = plain.run(number, taken)
    for piece in answer if isinstance(answer, list) else [answer]:
        client.session.receive_data(piece)
    (event,) = client.session.events()
    assert event.message.kind == RESULT
    return client.value(event.message)


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "text",
        LONG,
        [],
        {"a": [1, (2, {"b": None})]},
        [LONG],
        [0] * 100_000,
        (URI("PYRO:o@h:1"), b"x"),
        {str(number): number for number in range(30)},
        URI("PYRONAME:x"),
        {1, 2},
        b"bytes",
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back(connect: Any, thing: Any, value: Any) -> None:
    client = connect(thing, serializer="serpent")
    assert short_call(client, "echo", value) == client.call("echo", value)


def test_iterators_annotations_and_errors_take_the_long_way(client: Any) -> None:
    with pytest.raises(Exception, match="result of call is an iterator"):
        short_call(client, "items")
    assert short_call(client, "annotate") is None
    with pytest.raises(AttributeError):
        short_call(client, "missing")


class Item:
    """Travels by a rule."""


@expose
class Source:
    def items_of(self, count: int) -> list[Item]:
        return [Item()] * count


@pytest.mark.parametrize("count", [1, 20, 3000])
def test_a_result_is_encoded_once_however_long_it_is(connect: Any, make_daemon: Any, count: int) -> None:
    encoded = []

    def rule(item: Item) -> dict[str, Any]:
        encoded.append(item)
        return {"__class__": "complex", "real": 1.0, "imag": 2.0}

    daemon = make_daemon()
    daemon.rules.register_class_to_dict(Item, rule)
    client = connect(Source(), daemon, serializer="serpent")
    assert short_call(client, "items_of", count) == [1 + 2j] * count
    assert len(encoded) == count
