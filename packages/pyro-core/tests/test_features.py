import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.features import MAX_OFFER_BYTES, agree, offer, parse


def test_an_offer_of_nothing_is_still_an_offer() -> None:
    assert offer(()) == b"1"
    assert parse(b"1") == frozenset()


def test_offer_does_not_depend_on_order_or_repetition() -> None:
    assert offer(["stream", "cancel", "stream"]) == b"1 cancel stream"


def test_names_come_back_known_or_not() -> None:
    assert parse(offer({"cancel", "from-the-future"})) == {"cancel", "from-the-future"}


@pytest.mark.parametrize("data", [b"", b"2 cancel", b"cancel", b"1 \xff", b"one cancel"])
def test_malformed_offers_count_as_none(data: bytes) -> None:
    assert parse(data) == frozenset()


def test_longest_offer_is_read_and_a_longer_one_counts_as_none() -> None:
    longest = b"1 " + b"x" * (MAX_OFFER_BYTES - 2)
    assert len(parse(longest)) == 1
    assert parse(longest + b"x") == frozenset()
    assert offer(["x" * (MAX_OFFER_BYTES - 2)]) == longest
    with pytest.raises(ValueError, match="offer fewer"):
        offer(["x" * (MAX_OFFER_BYTES - 1)])


@pytest.mark.parametrize("name", ["", "two words", "tab\t", "größer", " lead"])
def test_names_that_cannot_be_sent_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be offered"):
        offer([name])


def test_both_sides_must_be_able() -> None:
    assert agree({"cancel", "stream"}, {"stream", "deadline"}) == {"stream"}


@given(st.binary(max_size=50))
def test_any_annotation_gives_names(data: bytes) -> None:
    assert all(name and name.split() == [name] for name in parse(data))
