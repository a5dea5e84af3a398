import asyncio
import threading
from uuid import UUID, uuid4

import pytest

from pyro_core.context import (
    CallContext,
    Caller,
    checked_annotations,
    current_call,
    enter_call,
    leave_call,
    outgoing,
    request_extras,
    sending,
    serving,
)
from pyro_core.errors import ProtocolError, PyroError
from pyro_core.names import RESERVED_ANNOTATIONS

ID = UUID(int=7)


def test_outside_of_a_call_there_is_none() -> None:
    assert serving() is None
    with pytest.raises(PyroError, match="there is no current call"):
        current_call()


def test_a_method_sees_the_call_that_it_serves() -> None:
    call = CallContext(Caller(address="h:1"), object_id="o", method="m", annotations={"ABCD": b"x"})
    token = enter_call(call)
    try:
        assert current_call() is serving() is call
        assert (call.object_id, call.method, call.client_address, call.seq) == ("o", "m", "h:1", 0)
    finally:
        leave_call(token)
    assert serving() is None


def test_a_call_served_inside_of_another_is_seen_until_it_ends() -> None:
    outer, inner = CallContext(method="outer"), CallContext(method="inner")
    first = enter_call(outer)
    second = enter_call(inner)
    assert current_call() is inner
    leave_call(second)
    assert current_call() is outer
    leave_call(first)


def test_threads_and_tasks_each_see_their_own() -> None:
    """B7: what belongs to one call reaches no other."""
    seen: dict[str, str | None] = {}

    def serve(name: str) -> None:
        call = CallContext(method=name)
        token = enter_call(call)
        call.response_annotations["ABCD"] = name.encode()
        barrier.wait(10)
        seen[name] = current_call().method
        leave_call(token)

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=serve, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"one": "one", "two": "two"}

    async def task(name: str) -> str:
        enter_call(CallContext(method=name))
        await asyncio.sleep(0)
        return current_call().method

    async def both() -> list[str]:
        return await asyncio.gather(task("three"), task("four"))

    assert asyncio.run(both()) == ["three", "four"]
    assert serving() is None


def test_response_annotations_belong_to_one_call() -> None:
    one, two = CallContext(), CallContext()
    one.response_annotations["ABCD"] = b"1"
    assert dict(one.known_response_annotations) == {"ABCD": b"1"}
    assert dict(two.known_response_annotations) == {}
    given = {"WXYZ": b"2"}
    two.response_annotations = given
    two.response_annotations["ABCD"] = b"3"
    assert given == {"WXYZ": b"2"}
    assert dict(two.known_response_annotations) == {"WXYZ": b"2", "ABCD": b"3"}


def test_a_correlation_id_is_kept_or_made_up_once() -> None:
    assert CallContext(correlation_id=ID.bytes).correlation_id == ID
    call = CallContext()
    assert call.known_correlation_id is None
    made_up = call.correlation_id
    assert call.correlation_id == made_up
    assert call.known_correlation_id == made_up.bytes


def test_nothing_goes_along_unless_asked() -> None:
    assert sending() is None
    assert request_extras() == ({}, None)


def test_a_block_says_what_goes_along() -> None:
    with outgoing({"ABCD": b"x"}, ID) as block:
        assert sending() is block
        assert request_extras() == ({"ABCD": b"x"}, ID.bytes)
        with outgoing({"WXYZ": b"y"}):
            assert request_extras() == ({"WXYZ": b"y"}, None)
        assert request_extras() == ({"ABCD": b"x"}, ID.bytes)
        assert dict(block.response_annotations) == {}
    assert sending() is None


def test_a_block_ends_when_it_fails() -> None:
    with pytest.raises(ZeroDivisionError), outgoing({"ABCD": b"x"}):
        raise ZeroDivisionError
    assert sending() is None


def test_calls_made_while_serving_inherit_the_correlation_id() -> None:
    own = uuid4()
    token = enter_call(CallContext(correlation_id=ID.bytes))
    try:
        assert request_extras() == ({}, ID.bytes)
        with outgoing({"ABCD": b"x"}):
            assert request_extras() == ({"ABCD": b"x"}, ID.bytes)
        with outgoing(correlation_id=own):
            assert request_extras() == ({}, own.bytes)
    finally:
        leave_call(token)


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_annotations_are_bytes_under_four_ascii_letters(value: bytes) -> None:
    annotations = {"ABCD": value}
    assert checked_annotations(annotations) is annotations


@pytest.mark.parametrize("key", ["", "ABC", "ABCDE", "ÄBCD", 4, b"ABCD", *sorted(RESERVED_ANNOTATIONS)])
def test_other_keys_are_refused(key: object) -> None:
    with pytest.raises(ProtocolError, match="annotation key"):
        checked_annotations({key: b""})  # type: ignore[dict-item]
    with pytest.raises(ProtocolError), outgoing({key: b""}):  # type: ignore[dict-item]
        pass


@pytest.mark.parametrize("value", ["text", None, [1]])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ProtocolError, match="annotation 'ABCD' must be bytes"):
        checked_annotations({"ABCD": value})  # type: ignore[dict-item]
