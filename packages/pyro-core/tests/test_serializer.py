from collections.abc import Mapping
from typing import Any

import pytest

from pyro_core.calls import Call
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.serializer import Serializer, as_call


class Keeping(Serializer):
    """Keeps what it encoded, and decodes to it."""

    name = "keeping"
    wire_ids: Mapping[int, int] = {502: 200}
    kept: Any = None

    def encode_value(self, value: object) -> bytes:
        self.kept = value
        return b"kept"

    def decode_value(self, data: object) -> Any:
        return self.kept


def keeping() -> Keeping:
    return Keeping(ClassRules().for_version(502))


def test_a_format_that_says_nothing_about_calls_writes_their_four_parts() -> None:
    serializer = keeping()
    data = serializer.encode_call("o", "m", (1,), {"a": 2})
    assert serializer.kept == ("o", "m", (1,), {"a": 2})
    assert serializer.decode_call(data) == Call("o", "m", (1,), {"a": 2})


def test_a_format_is_safe_unless_it_says_otherwise() -> None:
    assert keeping().safe


@pytest.mark.parametrize("kwargs", [None, {}])
@pytest.mark.parametrize("kind", [list, tuple])
def test_calls_are_read_from_lists_and_tuples(kind: type, kwargs: object) -> None:
    assert as_call(kind(["o", "m", [1], kwargs]), "x") == ("o", "m", [1], kwargs)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "omak",
        {"object": "o"},
        ["o", "m", []],
        ["o", "m", [], {}, 1],
        [1, "m", [], {}],
        ["o", b"m", [], {}],
        ["o", "m", "args", {}],
        ["o", "m", {}, {}],
        ["o", "m", [], []],
    ],
)
def test_anything_else_is_no_call(value: object) -> None:
    with pytest.raises(SerializeError, match="a call must be") as caught:
        as_call(value, "some-format")
    assert caught.value.serializer == "some-format"


def test_the_error_for_a_huge_value_is_short() -> None:
    with pytest.raises(SerializeError) as caught:
        as_call(["x" * 1_000_000] * 5, "x")
    assert len(str(caught.value)) < 500
