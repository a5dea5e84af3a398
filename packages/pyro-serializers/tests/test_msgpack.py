import collections
import enum
import math
import struct
import threading
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgpack
import pytest

from pyro_core.calls import Call
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_serializers.msgpack import MsgpackSerializer


class Odd(enum.Enum):
    BIG = 2**70
    ID = uuid.UUID(int=1)
    DAY = date(2020, 1, 2)
    PAIR = (1, 2)


def serializer(rules: ClassRules | None = None) -> MsgpackSerializer:
    return MsgpackSerializer((rules or ClassRules()).for_version(502))


def there_and_back(value: object) -> Any:
    return serializer().decode_value(serializer().encode_value(value))


def extension(code: int, data: bytes) -> bytes:
    return bytes(msgpack.packb(msgpack.ExtType(code, data)))


def test_calls_have_the_recorded_form() -> None:
    data = serializer().encode_call("thing", "add", (3, 4), {})
    assert data == bytes.fromhex("94a57468696e67a36164649203 0480".replace(" ", ""))
    assert serializer().decode_call(data) == Call("thing", "add", [3, 4], {})


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**63) - 1,
        2**500,
        3 - 4j,
        date(2020, 1, 2),
        date.max,
        datetime(2020, 1, 2, 3, 4, 5, 678),
        b"\0",
    ],
    ids=repr,
)
def test_values_beyond_the_format_come_back_in_results_and_in_calls(value: object) -> None:
    assert there_and_back([value]) == [value]
    call = serializer().decode_call(serializer().encode_call("o", "m", (value,), {"k": value}))
    assert list(call.args) == [value]
    assert call.kwargs == {"k": value}


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (complex(1, 2), extension(0x30, struct.pack("<dd", 1, 2))),
        (2**70, extension(0x31, b"1180591620717411303424")),
        (date(2020, 1, 2), extension(0x33, (737426).to_bytes(8, "little"))),
        (datetime.fromtimestamp(1.5e9), extension(0x32, struct.pack("<d", 1.5e9))),
    ],
    ids=repr,
)
def test_extensions_are_written_in_one_byte_order_on_every_machine(value: object, wire: bytes) -> None:
    assert serializer().encode_value(value) == wire
    assert serializer().decode_value(wire) == value


def test_dates_of_machines_with_short_longs_are_read() -> None:
    assert serializer().decode_value(extension(0x33, (737426).to_bytes(4, "little"))) == date(2020, 1, 2)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5, minutes=-30))])
def test_times_keep_their_zone_between_our_peers(zone: timezone) -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 678, zone)
    back = there_and_back({"at": [moment]})["at"][0]
    assert back == moment
    assert back.utcoffset() == moment.utcoffset()


def test_timestamps_of_the_format_itself_are_read() -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert serializer().decode_value(msgpack.packb(moment, datetime=True)) == moment


@pytest.mark.parametrize(
    "value",
    [{1: "a"}, {None: 1}, {0.5: 1, True: 2}, {b"k": 1}, {(1, (2, "x")): {"__class": 1}}, {-1: {(): 1}}],
    ids=repr,
)
def test_keys_of_any_kind_come_back(value: object) -> None:
    assert there_and_back(value) == value


def test_objects_are_revived_also_beside_tuple_keys() -> None:
    rules = ClassRules()
    rules.register_dict_to_class("shop.Item", lambda _, wire: ("item", wire["n"]))
    data = msgpack.packb({(1, 2): {"__class__": "shop.Item", "n": 5}})
    assert serializer(rules).decode_value(data) == {(1, 2): ("item", 5)}


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ((1, (2,)), [1, [2]]),
        ({5}, [5]),
        (frozenset({5}), [5]),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (collections.OrderedDict(a=1), {"a": 1}),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (Odd.BIG, 2**70),
        (Odd.ID, str(uuid.UUID(int=1))),
        (Odd.DAY, date(2020, 1, 2)),
        (Odd.PAIR, [1, 2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_types_that_the_format_lacks_become_near_ones(value: object, arrives: object) -> None:
    assert there_and_back([value]) == [arrives]
    assert there_and_back(value) == arrives


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x93\x01",
        b"\x01\x02",
        b"\xdb\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 100_000,
        b"\xa1\xff",
        extension(0x10, b"x"),
        extension(0x30, b"short"),
        extension(0x31, b"no digits"),
        extension(0x31, b"9" * 5000),
        extension(0x32, struct.pack("<d", 1e300)),
        extension(0x32, struct.pack("<d", math.nan)),
        extension(0x33, b"\xff" * 8),
        extension(0x33, b"\x01"),
        b"\xc7\x0c\xff" + b"\xff" * 12,
        b"\x81\x81\x01\x02\x03",
        b"\x82\xa9__class__\xb1datetime.datetime\xa3iso\xa1x",
        b"\x82\xa9__class__\xb1datetime.datetime\xa3iso\x05",
    ],
    ids=lambda data: data[:12].hex(),
)
def test_what_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(SerializeError):
        serializer().decode_value(data)


@pytest.mark.parametrize(
    "value", ["\ud800", range(3), ..., datetime.min, [object()]], ids=lambda value: type(value).__name__
)
def test_what_cannot_be_written_is_refused(value: object) -> None:
    with pytest.raises(SerializeError):
        serializer().encode_value(value)


def test_integers_with_too_many_digits_are_refused() -> None:
    with pytest.raises(SerializeError):
        serializer().encode_value(10**5000)


def test_a_failed_value_leaves_nothing_behind() -> None:
    same = serializer()
    for _ in range(3):
        with pytest.raises(SerializeError):
            same.encode_value(["part of it", object])
        assert same.encode_value(1) == b"\x01"


def test_a_large_value_keeps_no_memory() -> None:
    same = serializer()
    same.encode_value(b"x" * (1 << 20))
    assert same._idle_packers == []
    same.encode_value(1)
    assert len(same._idle_packers) == 1


def test_a_conversion_may_encode_with_the_same_serializer() -> None:
    class Inner:
        pass

    rules = ClassRules()
    same = serializer(rules)
    rules.register_class_to_dict(Inner, lambda _: {"__class__": "x.Inner", "raw": same.encode_value([1, 2])})
    assert same.encode_value(["before", Inner()]).endswith(b"\x93\x01\x02"[1:])


def test_threads_do_not_mix_their_bytes() -> None:
    start = threading.Barrier(2)

    class Slow:
        pass

    rules = ClassRules()
    same = serializer(rules)

    def meet(_: object) -> dict[str, Any]:
        start.wait(10)  # both threads are inside a half-written value
        return {"__class__": "x.Slow"}

    rules.register_class_to_dict(Slow, meet)
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(same.encode_value([b"a" * 50, Slow()]))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(results) == 2
    assert results[0] == results[1]
