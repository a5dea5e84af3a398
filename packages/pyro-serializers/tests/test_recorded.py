"""Payloads that stock peers sent: read as they were meant, and written the same, byte for byte.

``data/recorded.json`` has rows of protocol version, serializer, name of the recorded scene, call or value,
fate, payload (text, or hex for the binary formats). The fates:

* ``same``: writing what was read gives the same bytes;
* ``reads``: it can be read, but the bytes are one of several spellings (order in sets, reference flags of
  marshal, text that a stock peer echoes without knowing that it means bytes);
* ``refuses``: stock peers refuse it too.
"""

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from pyro_core.calls import Call, ObjectRef
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import NamingError, RemoteError, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_serializers.json import JsonSerializer
from pyro_serializers.marshal import MarshalSerializer
from pyro_serializers.msgpack import MsgpackSerializer
from pyro_serializers.pickle import CloudpickleSerializer, DillSerializer, PickleSerializer
from pyro_serializers.serpent import SerpentSerializer

CLASSES: dict[str, type[Serializer]] = {
    cls.name: cls
    for cls in (
        SerpentSerializer,
        JsonSerializer,
        MarshalSerializer,
        MsgpackSerializer,
        PickleSerializer,
        CloudpickleSerializer,
        DillSerializer,
    )
}
ROWS = json.loads((Path(__file__).parent / "data" / "recorded.json").read_text())
SERIALIZERS = {
    (version, name): cls(ClassRules().for_version(version))
    for name, cls in CLASSES.items()
    for version in cls.wire_ids
}
PAYLOADS = {(row[0], row[1], row[2]): row for row in ROWS}


def payload(row: list[Any]) -> bytes:
    return row[5].encode() if row[1] in ("serpent", "json") else bytes.fromhex(row[5])


def read(version: int, serializer: str, scene: str) -> Any:
    row = PAYLOADS[version, serializer, scene]
    reader = SERIALIZERS[version, serializer]
    return reader.decode_call(payload(row)) if row[3] == "call" else reader.decode_value(payload(row))


def rows_of(fate: str) -> Any:
    rows = [row for row in ROWS if row[4] == fate]
    return pytest.mark.parametrize("row", rows, ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in rows])


@rows_of("same")
def test_a_recorded_payload_is_written_as_it_was_read(row: list[Any]) -> None:
    serializer = SERIALIZERS[row[0], row[1]]
    data = payload(row)
    if row[3] == "call":
        assert serializer.encode_call(*serializer.decode_call(data)) == data
    else:
        assert serializer.encode_value(serializer.decode_value(data)) == data


@rows_of("reads")
def test_a_recorded_payload_is_read(row: list[Any]) -> None:
    value = read(row[0], row[1], row[2])
    assert isinstance(value, Call) == (row[3] == "call")


@rows_of("refuses")
def test_what_stock_peers_refuse_is_refused(row: list[Any]) -> None:
    with pytest.raises(SerializeError):
        read(row[0], row[1], row[2])


URI_IN_SCENES = URI("PYRO:obj@host:1234")
PROXY_IN_502 = ObjectRef(URI_IN_SCENES, Metadata(), "hello", None)
BATCH = [("echo", (1,), {}), ("add", (2,), {"b": 3})]
CALLS = [
    (502, "serpent", "invoke-add/1-request", ("thing", "add", (3, 4), {})),
    (502, "msgpack", "invoke-add/1-request", ("thing", "add", [3, 4], {})),
    (502, "json", "invoke-add/1-request", ("thing", "add", [3, 4], {})),
    (502, "marshal", "invoke-add/1-request", ("thing", "add", [3, 4], {})),
    (502, "serpent", "getattr-property/1-request", ("thing", "__getattr__", ("value",), None)),
    (502, "msgpack", "type-bigint/1-request", ("thing", "echo", [2**70], {})),
    (502, "msgpack", "type-complex/1-request", ("thing", "echo", [3 + 4j], {})),
    (502, "msgpack", "type-dict-tuplekey/1-request", ("thing", "echo", [{(1, 2): "x"}], {})),
    (502, "msgpack", "type-dict-intkey/1-request", ("thing", "echo", [{1: "x"}], {})),
    (502, "serpent", "type-bytes/1-request", ("thing", "echo", (b"\x00\xffabc",), {})),
    (502, "serpent", "echo-uri/1-request", ("thing", "echo", (URI_IN_SCENES,), {})),
    (502, "serpent", "echo-proxy/1-request", ("thing", "echo", (PROXY_IN_502,), {})),
    (502, "marshal", "echo-proxy/1-request", ("thing", "echo", [PROXY_IN_502], {})),
    (48, "pickle", "arg_uri/0-invoke", ("thing", "echo", (URI_IN_SCENES,), {})),
    (
        48,
        "pickle",
        "batch/0-invoke",
        ("thing", "<batch>", [("echo", (1,), {}), ("add", (2,), {"b": 3})], None),
    ),
]


@pytest.mark.parametrize(("version", "serializer", "scene", "wanted"), CALLS)
def test_a_recorded_call_means_what_was_called(
    version: int, serializer: str, scene: str, wanted: Any
) -> None:
    assert tuple(read(version, serializer, scene)) == wanted


VALUES = [
    (502, "serpent", "invoke-add/2-reply", 7),
    (48, "serpent", "type_set/1-result", {1}),
    (502, "serpent", "type-tuple1/2-reply", (1,)),
    (502, "serpent", "type-inf/2-reply", math.inf),
    (48, "serpent", "type_complex/1-result", 1 + 2j),
    (502, "serpent", "type-bigint/2-reply", 2**70),
    (48, "serpent", "type_bytearray/1-result", b"ab"),
    (48, "msgpack", "type_bytearray/1-result", b"ab"),
    (48, "msgpack", "type_date/1-result", date(2020, 1, 2)),
    (48, "marshal", "type_set/1-result", {1}),
    (48, "serpent", "return_uri/1-result", URI_IN_SCENES),
    (48, "json", "return_uri/1-result", URI_IN_SCENES),
    (48, "pickle", "return_uri/1-result", URI_IN_SCENES),
    (502, "json", "echo-proxy/2-reply", PROXY_IN_502),
    (48, "pickle", "type_datetime/1-result", datetime(2020, 1, 2, 3, 4, 5, 678)),
]


@pytest.mark.parametrize(("version", "serializer", "scene", "wanted"), VALUES)
def test_a_recorded_value_means_what_was_returned(
    version: int, serializer: str, scene: str, wanted: Any
) -> None:
    value = read(version, serializer, scene)
    assert value == wanted
    assert type(value) is type(wanted)


def test_recorded_nan_is_nan() -> None:
    assert math.isnan(read(502, "serpent", "type-class-dict/2-reply"))
    for serializer in ("json", "msgpack", "marshal"):
        assert math.isnan(read(502, serializer, "type-nan/2-reply"))


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack", "marshal", "pickle"])
def test_a_recorded_error_of_the_system_is_ours(serializer: str) -> None:
    scene = "exception_pyro/3-result" if serializer != "pickle" else "exception_pyro/1-result"
    scene = scene if (48, serializer, scene) in PAYLOADS else "exception_pyro/1-result"
    error = read(48, serializer, scene)
    assert type(error) is NamingError
    assert error.args == ("no such name",)
    assert vars(error)["_pyroTraceback"] == ["Pyro4.errors.NamingError: no such name\n"]


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack", "marshal"])
def test_a_recorded_unknown_exception_keeps_its_name_and_text(serializer: str) -> None:
    error = read(48, serializer, "exception_custom/1-result")
    assert isinstance(error, RemoteError)
    assert (error.type_name, error.message) == ("__main__.CustomError", "mine")


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack", "pickle"])
def test_a_recorded_failure_in_a_batch_is_one(serializer: str) -> None:
    first, failure = read(48, serializer, "batch_exception/1-result")
    assert first == 1
    assert isinstance(failure, BatchFailure)
    assert isinstance(failure.error, ZeroDivisionError)


def test_a_proxy_in_a_recorded_pickle_is_revived_by_the_rules() -> None:
    seen: list[ObjectRef] = []
    rules = ClassRules()
    rules.revive = lambda reference: seen.append(reference) or "alive"
    serializer = PickleSerializer(rules.for_version(48))
    scenes = [("arg_proxy/0-invoke", "PYRO:thing@127.0.0.1:36613"), ("return_autoproxy/1-result", "")]
    call = serializer.decode_call(payload(PAYLOADS[48, "pickle", scenes[0][0]]))
    assert call.args == ("alive",)
    assert seen[0].uri.object == "thing"
    assert seen[0].serializer == "pickle"
    assert serializer.decode_value(payload(PAYLOADS[48, "pickle", scenes[1][0]])) == "alive"
    assert seen[1].metadata.oneway == {"notify"}
    assert seen[1].metadata.attrs == {"value"}
