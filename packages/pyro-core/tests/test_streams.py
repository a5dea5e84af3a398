from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.duplex import ENDED, MORE, PAUSED, Credit
from pyro_core.errors import ProtocolError
from pyro_core.streams import MOST_IN_MESSAGE, WINDOW_BYTES, WINDOW_ITEMS, Maker, Taker


def take(taker: Taker) -> Any:
    """The next item."""
    assert taker.go_on()
    return next(taker.ready)


def messages(maker: Maker, items: Iterator[int], size_each: int = 10) -> Iterator[tuple[int, int, list[int]]]:
    """What a maker that is never slow would send now: state, first number, items."""
    while maker.room:
        chunk: list[int] = []
        for item in items:
            chunk.append(item)
            if len(chunk) >= maker.room:
                break
        else:
            maker.end()
        first = maker.note(chunk, size_each * len(chunk), 0.0)
        yield (ENDED if maker.ended else MORE), first, chunk


@given(st.integers(0, 5_000), st.integers(1, 20_000))
def test_every_item_arrives_once_and_in_order_within_the_window(count: int, size_each: int) -> None:
    maker, taker = Maker("s"), Taker("s")
    source = iter(range(count))
    taken: list[int] = []
    for _ in range(10 * count + 10):
        credit = taker.credit_due()
        if credit is not None:
            maker.credit(credit)
        for state, first, chunk in messages(maker, source, size_each):
            taker.arrived(state, first, chunk, size_each * len(chunk))
        assert len(taker) <= WINDOW_ITEMS + MOST_IN_MESSAGE
        assert maker.kept_bytes < WINDOW_BYTES + MOST_IN_MESSAGE * size_each
        if not len(taker):
            break
        taken.append(take(taker))
    assert taken == list(range(count))
    assert taker.over
    maker.credit(taker.farewell())
    assert maker.done


def test_messages_grow_while_items_come_quickly_and_shrink_when_they_do_not() -> None:
    maker = Maker("s")
    maker.credit(Credit("s", 0, WINDOW_ITEMS))
    sizes = []
    for _ in range(4):
        sizes.append(maker.room)
        maker.note([0] * maker.room, 10, 0.0)
    assert sizes == [1, 4, 16, 64]
    maker.note([0] * maker.room, 10, 1.0)
    assert maker.room == 128


def test_large_items_are_sent_one_at_a_time_until_some_are_taken() -> None:
    maker = Maker("s")
    maker.credit(Credit("s", 0, WINDOW_ITEMS))
    maker.note(["large"], 2 * WINDOW_BYTES, 0.0)
    assert maker.room == 0
    maker.credit(Credit("s", 1, WINDOW_ITEMS))
    assert maker.room == 1


def test_after_a_lost_connection_the_rest_is_sent_again_and_what_had_arrived_is_dropped() -> None:
    maker, taker = Maker("s"), Taker("s")
    credit = taker.credit_due()
    assert credit is not None
    maker.credit(credit)
    maker.note([0], 1, 0.0)
    maker.note([1, 2], 1, 0.0)
    taker.arrived(MORE, 0, [0], 1)
    assert take(taker) == 0
    maker.credit(taker.renewed())
    for chunk in maker.again():
        taker.arrived(MORE, chunk.first, chunk.items, chunk.size)
    for chunk in maker.again():  # and once more
        taker.arrived(MORE, chunk.first, chunk.items, chunk.size)
    assert [take(taker), take(taker)] == [1, 2]
    assert not len(taker)


def test_a_pause_asks_for_credit_once_all_is_taken() -> None:
    taker = Taker("s")
    taker.renewed()
    taker.arrived(PAUSED, 0, ["a"], 1)
    assert taker.credit_due() is None
    assert take(taker) == "a"
    assert taker.credit_due() is not None


def test_a_message_counts_as_taken_when_its_first_item_is_taken() -> None:
    taker = Taker("s")
    taker.renewed()
    taker.arrived(MORE, 0, [b"first", b"second"], WINDOW_BYTES)
    assert taker.credit_due() is None
    assert take(taker) == b"first"
    credit = taker.credit_due()
    assert credit is not None
    assert credit.taken == 2
    assert len(taker) == 1


def test_what_is_dropped_also_ends_for_who_iterates_over_it() -> None:
    taker = Taker("s")
    taker.renewed()
    taker.arrived(MORE, 0, [1, 2, 3], 1)
    taker.arrived(MORE, 3, [4], 1)
    assert taker.go_on()
    items = taker.ready
    assert next(items) == 1
    taker.drop()
    assert list(items) == []
    assert not taker.go_on()


def test_gaps_and_more_than_was_allowed_are_refused() -> None:
    taker = Taker("s")
    taker.renewed()
    with pytest.raises(ProtocolError, match="0 had arrived"):
        taker.arrived(MORE, 1, ["b"], 1)
    with pytest.raises(ProtocolError, match="were allowed"):
        taker.arrived(MORE, 0, [None] * (WINDOW_ITEMS + 1), 1)


def test_a_peer_cannot_claim_to_have_taken_what_was_not_sent_or_ask_for_any_number() -> None:
    maker = Maker("s")
    maker.credit(Credit("s", 2**63, 2**64 - 1))
    assert not maker.done
    assert maker.limit <= 2 * WINDOW_ITEMS
