import pytest

from pyro_core.errors import ProtocolError
from pyro_core.metadata import Metadata

KNOWN = Metadata(frozenset({"b", "a"}), frozenset({"b"}), frozenset({"x"}))


def test_it_travels_as_sets_or_as_sorted_lists() -> None:
    assert KNOWN.to_wire() == {"methods": {"a", "b"}, "oneway": {"b"}, "attrs": {"x"}}
    assert KNOWN.to_wire(as_lists=True) == {"methods": ["a", "b"], "oneway": ["b"], "attrs": ["x"]}


@pytest.mark.parametrize("as_lists", [False, True])
def test_it_comes_back(as_lists: bool) -> None:
    assert Metadata.from_wire(KNOWN.to_wire(as_lists=as_lists)) == KNOWN


def test_missing_parts_are_empty_and_unknown_ones_ignored() -> None:
    assert Metadata.from_wire({"methods": ("a",), "signatures": 3}) == Metadata(frozenset({"a"}))


def test_it_is_false_without_members() -> None:
    assert not Metadata()
    assert not Metadata(oneway=frozenset({"a"}))
    assert Metadata(methods=frozenset({"a"}))
    assert Metadata(attrs=frozenset({"a"}))


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (None, "must be a mapping, got NoneType"),
        ([], "must be a mapping, got list"),
        ({"methods": "abc"}, "must be a collection of text, got 'abc'"),
        ({"methods": b"abc"}, "must be a collection of text"),
        ({"methods": None}, "must be a collection of text, got None"),
        ({"oneway": [1]}, r"must be a collection of text, got \[1\]"),
        ({"attrs": [["nested"]]}, "must be a collection of text"),
        ({"attrs": [{}]}, "must be a collection of text"),
    ],
)
def test_another_shape_is_a_protocol_error(wire: object, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        Metadata.from_wire(wire)


def test_the_error_for_a_huge_value_is_short() -> None:
    with pytest.raises(ProtocolError) as caught:
        Metadata.from_wire({"methods": [[number] for number in range(10_000)]})
    assert len(str(caught.value)) < 300
