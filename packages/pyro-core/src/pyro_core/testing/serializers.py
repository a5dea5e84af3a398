"""The conformance suite of serializers: what every wire format must do, whoever wrote it.

A third party's whole test is::

    class TestMySerializer(SerializerSuite):
        def serializer_class(self):
            return MySerializer
"""

import abc
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import NameNotFound, NamingError, RemoteError, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.names import BATCH_METHOD, GET_ATTRIBUTE, PROTOCOL_VERSIONS, SET_ATTRIBUTE
from pyro_core.serializer import Serializer
from pyro_core.testing.serializer_attacks import HostileInput
from pyro_core.uri import URI

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**63,
    0.0,
    -0.5,
    0.1,
    1e300,
    5e-324,
    "",
    "text",
    "quotes ' \" and \\ backslash",
    "\0 in the middle \0",
    "line\nbreak\r\n\ttab",
    " spaces around ",
    "smörgåsbord \U0001f40d 漢字",
    [],
    [1, "two", 3.0, None, False],
    [[], [[1], []]],
    {},
    {"a": 1, "b": None, "": "empty key", "\0": "odd key", "key with 'quotes'": 0.5},
    {"list": [{"deeper": [1, {"still": {"deeper": True}}]}], "dict": {"x": {}}},
    [{"n": n, "text": f"item {n}"} for n in range(100)],
)
"""Values that every format must keep as they are, their types included."""

URIS = (
    "PYRO:object@localhost:9999",
    "PYRO:object@[::1]:9999",
    "PYRO:object@./u:/tmp/some.sock",
    "PYRONAME:some.name",
    "PYROMETA:one,two@localhost:9090",
)
_THREADS = 4


class Point:
    """A class that only the rules of one test know."""

    def __init__(self, x: Any, y: Any) -> None:
        self.x = x
        self.y = y

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self) -> int:
        return hash((self.x, self.y))


class Unheard(Exception):
    """An exception that no peer may rebuild."""


def point_rules() -> ClassRules:
    """Rules that know ``Point`` under the name ``test.Point``."""
    rules = ClassRules()
    rules.register_class_to_dict(Point, lambda p: {"__class__": "test.Point", "x": p.x, "y": p.y})
    rules.register_dict_to_class("test.Point", lambda _, wire: Point(wire["x"], wire["y"]))
    return rules


def same(got: Any, wanted: Any) -> bool:
    """Whether two plain values are equal and of the same types, at any depth."""
    if type(got) is not type(wanted):
        return False
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(same(got[key], wanted[key]) for key in wanted)
    return bool(got == wanted)


def listed(value: Any) -> Any:
    """A value with lists in place of tuples, which not every format tells apart."""
    if isinstance(value, list | tuple):
        return [listed(item) for item in value]
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items()}
    return value


class SerializerSuite(HostileInput, abc.ABC):
    """Tests for one serializer class, in every protocol version that it has a number for."""

    @abc.abstractmethod
    def serializer_class(self) -> type[Serializer]:
        """The class to test."""

    def serializers(self, rules: ClassRules | None = None) -> Iterator[Serializer]:
        """A fresh instance for each protocol version."""
        cls = self.serializer_class()
        for version in PROTOCOL_VERSIONS:
            if version in cls.wire_ids:
                yield cls((rules or ClassRules()).for_version(version))

    def test_its_class_says_what_it_is(self) -> None:
        cls = self.serializer_class()
        assert issubclass(cls, Serializer)
        assert isinstance(cls.name, str)
        assert cls.name
        assert cls.name == cls.name.strip()
        assert isinstance(cls.safe, bool)
        assert cls.wire_ids, "a serializer without a number for any protocol version cannot be used"
        assert set(cls.wire_ids) <= set(PROTOCOL_VERSIONS)
        assert all(type(number) is int and 1 <= number <= 255 for number in cls.wire_ids.values())

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
    def test_plain_values_come_back_as_they_were(self, value: Any) -> None:
        for serializer in self.serializers():
            data = serializer.encode_value(value)
            assert type(data) is bytes
            assert same(serializer.decode_value(data), value)

    def test_any_kind_of_buffer_is_decoded(self) -> None:
        value = {"key": [1, "two", None]}
        for serializer in self.serializers():
            data = serializer.encode_value(value)
            call = serializer.encode_call("object", "method", (value,), {})
            padded = memoryview(b"before" + data + b"after")[6 : 6 + len(data)]
            for buffer in (data, bytearray(data), memoryview(data), padded):
                assert serializer.decode_value(buffer) == value
            for buffer in (call, bytearray(call), memoryview(call)):
                assert listed(serializer.decode_call(buffer).args) == [value]

    @pytest.mark.parametrize("kwargs", [{}, None, {"key": [1, 2], "other": None}], ids=repr)
    @pytest.mark.parametrize("args", [(), (1,), ("text", None, [1.5, {"a": "b"}])], ids=repr)
    def test_calls_come_back_as_they_were(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> None:
        for serializer in self.serializers():
            call = serializer.decode_call(serializer.encode_call("obj_1", "méthode", args, kwargs))
            assert (call.object_id, call.method) == ("obj_1", "méthode")
            assert listed(call.args) == listed(args)
            assert (call.kwargs or {}) == (kwargs or {})

    @pytest.mark.parametrize(
        ("method", "args"),
        [
            (GET_ATTRIBUTE, ("attribute",)),
            (SET_ATTRIBUTE, ("attribute", {"new": "value"})),
            (BATCH_METHOD, [("first", (1, 2), {}), ("second", (), {"key": "value"})]),
            (BATCH_METHOD, []),
        ],
    )
    def test_special_calls_come_back_as_they_were(self, method: str, args: Any) -> None:
        for serializer in self.serializers():
            call = serializer.decode_call(serializer.encode_call("object", method, args, None))
            assert call.method == method
            assert listed(call.args) == listed(args)
            assert not call.kwargs

    def test_a_value_that_is_no_call_is_refused_as_one(self) -> None:
        for serializer in self.serializers():
            for value in (None, 1, "text", [], ["object", "method", []], [1, "method", [], {}], {"a": 1}):
                with pytest.raises(SerializeError):
                    serializer.decode_call(serializer.encode_value(value))

    def test_addresses_and_references_come_back_as_they_were(self) -> None:
        metadata = Metadata(frozenset({"call", "tell"}), frozenset({"tell"}), frozenset({"size"}))
        reference = ObjectRef(URI(URIS[0]), metadata, "shake", "json")
        for serializer in self.serializers():
            for value in (*map(URI, URIS), reference, ObjectRef(URI(URIS[2]))):
                assert self._there_and_back(serializer, value) == value
                assert self._there_and_back(serializer, [{"inside": value}]) == [{"inside": value}]

    def test_exceptions_come_back_with_arguments_and_remote_traceback(self) -> None:
        errors: tuple[Exception, ...] = (
            ValueError("text", 3),
            KeyError("key"),
            ZeroDivisionError(),
            NamingError("no"),
        )
        for serializer in self.serializers():
            for error in errors:
                vars(error).update(_pyroTraceback=["Traceback\n", "  line\n"], detail={"code": 7})
                back = self._there_and_back(serializer, error)
                assert type(back) is type(error)
                assert back.args == error.args
                assert list(vars(back)["_pyroTraceback"]) == ["Traceback\n", "  line\n"]
                assert vars(back)["detail"] == {"code": 7}
            near = self._there_and_back(serializer, NameNotFound("lost", near=["last"]))
            assert isinstance(near, NameNotFound)
            assert (near.name, list(near.near)) == ("lost", ["last"])

    def test_unknown_exceptions_keep_their_name_and_text(self) -> None:
        for serializer in self.serializers():
            back = self._there_and_back(serializer, Unheard("of", 5))
            if serializer.safe or not isinstance(back, Unheard):
                assert isinstance(back, RemoteError)
                assert back.type_name.endswith(".Unheard")
                assert "of" in str(back)

    def test_failures_in_a_batch_come_back(self) -> None:
        for serializer in self.serializers():
            first, failure, last = self._there_and_back(
                serializer, [1, BatchFailure(ValueError("in a batch")), None]
            )
            assert (first, last) == (1, None)
            assert isinstance(failure, BatchFailure)
            assert isinstance(failure.error, ValueError)
            assert failure.error.args == ("in a batch",)

    def test_a_class_travels_by_the_rules_of_its_own_instance_only(self) -> None:
        point = Point(1, [Point("nested", 2.5), {"key": Point(None, True)}])
        for knowing, other in zip(self.serializers(point_rules()), self.serializers(), strict=True):
            assert self._there_and_back(knowing, point) == point
            call = knowing.decode_call(knowing.encode_call("object", "method", (point,), {"key": point}))
            assert list(call.args) == [point]
            assert call.kwargs == {"key": point}
            if other.safe:
                for data in (knowing.encode_value(point), other.encode_value(point)):
                    with pytest.raises(SerializeError, match="class"):
                        other.decode_value(data)

    def test_rules_that_are_added_later_count(self) -> None:
        rules = ClassRules()
        for serializer in self.serializers(rules):
            serializer.encode_value(1)
            rules.register_class_to_dict(Point, lambda p: {"__class__": "test.Later", "x": p.x})
            rules.register_dict_to_class("test.Later", lambda _, wire: Point(wire["x"], "later"))
            back = self._there_and_back(serializer, Point(1, 2))
            # A format that carries every class by itself needs no rules; no safe one does.
            assert back == Point(1, "later") or (back == Point(1, 2) and not serializer.safe)

    def test_a_value_that_cannot_travel_is_refused(self) -> None:
        running = (n for n in range(1))  # not even a format that carries code can carry what is under way
        for serializer in self.serializers():
            for value in (running, [running], {"key": running}):
                with pytest.raises(SerializeError):
                    serializer.encode_value(value)
            with pytest.raises(SerializeError):
                serializer.encode_call("object", "method", (running,), {})
            assert self._there_and_back(serializer, "still in order") == "still in order"

    def test_several_threads_share_one_instance(self) -> None:
        start = threading.Barrier(_THREADS)

        def work(serializer: Serializer, number: int) -> bool:
            start.wait(10)
            value = [{"thread": number, "point": Point(number, [number] * 50)}] * 5
            return all(self._there_and_back(serializer, value) == value for _ in range(20))

        with ThreadPoolExecutor(_THREADS) as pool:
            for serializer in self.serializers(point_rules()):
                jobs = [pool.submit(work, serializer, number) for number in range(_THREADS)]
                assert all(job.result(30) for job in jobs)

    def _rules(self) -> ClassRules:
        return point_rules()

    def _samples(self, serializer: Serializer) -> list[bytes]:
        """Encoded values and calls of many kinds."""
        reference = ObjectRef(URI(URIS[0]), Metadata(frozenset({"call"})))
        error = NameNotFound("lost", near=["last"])
        values: tuple[Any, ...] = (
            *VALUES[:-1],
            reference,
            URI(URIS[4]),
            error,
            BatchFailure(error),
            Point(1, [2]),
        )
        calls = [
            serializer.encode_call("object", "method", ("text", 1, [2.5, None]), {"key": Point("a", "b")}),
            serializer.encode_call("object", BATCH_METHOD, [("m", (1,), {}), ("n", (), {})], None),
        ]
        return [*map(serializer.encode_value, values), *calls]

    def _there_and_back(self, serializer: Serializer, value: object) -> Any:
        return serializer.decode_value(serializer.encode_value(value))
