"""Answers are kept for those who may ask again, within limits; what may have been forgotten is refused."""

from dataclasses import replace

import pytest

from pyro_core.call_ids import CallId, pack_stamp, read_call_id, read_stamp
from pyro_core.errors import ProtocolError
from pyro_core.setting_groups import Limits, Timeouts
from pyro_core.testing.clock import FakeClock
from pyro_core.wire.message import RESULT, Message
from pyro_server.answer_memory import KNOWN, MOST_PER_CLIENT, RUN, UNKNOWN, WAIT, AnswerMemory

CLIENT = b"c" * 16


def memory(clock: FakeClock, *, answers: int = 3, size_bytes: int = 4_000) -> AnswerMemory:
    limits = replace(Limits(), max_kept_answers=answers, max_kept_bytes=size_bytes)
    return AnswerMemory(limits, Timeouts(keep_answers_s=60.0), clock)


def answered(size: int = 1) -> Message:
    return Message(RESULT, 1, 7, bytes(size))


def nobody(answer: Message | None) -> None:
    raise AssertionError("nobody waits")


def run(memory: AnswerMemory, call: CallId, answer: Message | None) -> None:
    verdict, entry = memory.begin("me", call, nobody)
    assert verdict == RUN
    memory.end(entry, answer)


def call(number: int, *, below: int = 1, client: bytes = CLIENT) -> CallId:
    return CallId(client, number, below)


def again(memory: AnswerMemory, number: int, since_s: float, *, client: bytes = CLIENT) -> CallId:
    return CallId(client, number, 1, memory.id, int(since_s * 1000))


def test_a_repetition_gets_the_same_answer() -> None:
    clock = FakeClock()
    kept = memory(clock)
    run(kept, call(1), answered())
    verdict, entry = kept.begin("me", again(kept, 1, clock()), nobody)
    assert verdict == KNOWN
    assert entry.answer == answered()


def test_a_repetition_waits_for_what_still_runs() -> None:
    clock = FakeClock()
    kept = memory(clock)
    got: list[Message | None] = []
    verdict, entry = kept.begin("me", call(1), nobody)
    assert verdict == RUN
    assert kept.begin("me", again(kept, 1, clock()), got.append)[0] == WAIT
    assert kept.begin("me", again(kept, 1, clock()), got.append)[0] == WAIT
    kept.end(entry, answered())
    assert got == [answered(), answered()]


def test_nobody_else_gets_it() -> None:
    clock = FakeClock()
    kept = memory(clock)
    run(kept, call(1), answered())
    assert kept.begin("somebody else", call(1), nobody)[0] == RUN
    assert kept.begin("me", call(1, client=b"d" * 16), nobody)[0] == RUN


def test_a_repetition_that_was_never_seen_is_run() -> None:
    clock = FakeClock()
    kept = memory(clock)
    assert kept.begin("me", again(kept, 1, clock()), nobody)[0] == RUN


def test_what_began_on_another_server_is_refused() -> None:
    clock = FakeClock()
    before, kept = memory(clock), memory(clock)
    assert kept.begin("me", again(before, 1, clock()), nobody)[0] == UNKNOWN


def test_what_was_not_executed_may_be() -> None:
    clock = FakeClock()
    kept = memory(clock)
    _, entry = kept.begin("me", call(1), nobody)
    kept.end(entry, answered(), executed=False)
    assert kept.begin("me", again(kept, 1, clock()), nobody)[0] == RUN


def test_a_client_says_what_it_needs_no_more() -> None:
    kept = memory(FakeClock())
    for number in range(1, 10):
        run(kept, call(number, below=number), answered())
        assert len(kept) == 1


def test_the_oldest_are_forgotten_when_there_are_too_many_and_then_refused() -> None:
    clock = FakeClock()
    kept = memory(clock, answers=3)
    times = []
    for number in range(1, 5):
        clock.advance(1)
        times.append(clock())
        run(kept, call(number), answered())
        assert len(kept) == min(number, 3)
    assert kept.begin("me", again(kept, 1, times[0]), nobody)[0] == UNKNOWN
    assert kept.begin("me", again(kept, 2, times[1]), nobody)[0] == KNOWN
    # Made after the last that was forgotten had come, and not known: it never came.
    assert kept.begin("me", again(kept, 9, times[1]), nobody)[0] == RUN


def test_bytes_are_limited() -> None:
    clock = FakeClock()
    kept = memory(clock, answers=100, size_bytes=4_000)
    for number in range(1, 5):
        run(kept, call(number), answered(1_000))
    assert len(kept) == 4
    run(kept, call(5), answered(1))
    assert len(kept) == 4
    run(kept, call(6), answered(1_001))  # more than a quarter: it is known that it was executed, and no more
    verdict, entry = kept.begin("me", again(kept, 6, clock()), nobody)
    assert (verdict, entry.answer) == (KNOWN, None)


def test_time_is_limited() -> None:
    clock = FakeClock()
    kept = memory(clock)
    run(kept, call(1), answered())
    clock.advance(60)
    kept.expire()
    assert len(kept) == 1
    clock.advance(0.001)
    kept.expire()
    assert len(kept) == 0
    assert kept.begin("me", again(kept, 1, clock() - 60.001), nobody)[0] == UNKNOWN


def test_calls_of_one_client_are_limited() -> None:
    kept = memory(FakeClock(), answers=10 * MOST_PER_CLIENT)
    for number in range(1, MOST_PER_CLIENT + 1):
        run(kept, call(number), answered())
    run(kept, call(1, client=b"d" * 16), answered())
    assert len(kept) == MOST_PER_CLIENT + 1
    run(kept, call(MOST_PER_CLIENT + 1), answered())
    assert len(kept) == MOST_PER_CLIENT + 1


def test_the_annotations() -> None:
    one = CallId(CLIENT, 1, 2, b"s" * 16, 3)
    assert read_call_id(one.pack()) == one
    assert read_stamp(pack_stamp(CLIENT, 5)) == (CLIENT, 5)
    assert read_stamp(b"short") is None
    with pytest.raises(ProtocolError, match="5 bytes"):
        read_call_id(b"short")


def test_clients_are_told_a_time_that_is_early_enough() -> None:
    clock = FakeClock(1001.0)
    kept = memory(clock)
    assert read_stamp(kept.stamp()) == (kept.id, 1_000_000)
    clock.advance(6.9)
    assert read_stamp(kept.stamp()) == (kept.id, 1_000_000)
    clock.advance(0.1)
    assert read_stamp(kept.stamp()) == (kept.id, 1_008_000)
