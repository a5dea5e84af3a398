from collections.abc import Mapping
from typing import Any

import pytest

from pyro_core.calls import Blob, Call, ObjectRef, StreamHandle
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.metadata import Metadata
from pyro_core.serializer import Serializer
from pyro_core.uri import URI


class Fixed(Serializer):
    """Decodes everything to one value."""

    name = "fixed"
    wire_ids: Mapping[int, int] = {502: 200}
    value: Any = None

    def encode_value(self, value: object) -> bytes:
        return b""

    def decode_value(self, data: object) -> Any:
        return self.value


def fixed(value: object) -> Fixed:
    serializer = Fixed(ClassRules().for_version(502))
    serializer.value = value
    return serializer


def test_a_call_is_its_four_parts() -> None:
    object_id, method, args, kwargs = Call("o", "m", (1,), {"a": 2})
    assert (object_id, method, args, kwargs) == ("o", "m", (1,), {"a": 2})


def test_a_reference_knows_nothing_but_its_address_at_first() -> None:
    uri = URI("PYRO:o@h:1")
    reference = ObjectRef(uri)
    assert reference == ObjectRef(uri, Metadata(), "hello", None)
    with pytest.raises(AttributeError, match="does not change"):
        reference.serializer = "json"  # type: ignore[misc]


def test_stream_handles_are_equal_by_id() -> None:
    assert StreamHandle("one") == StreamHandle("one") != StreamHandle(None)


def test_a_blob_at_its_sender_is_its_own_value() -> None:
    value = object()
    assert Blob("info", value).deserialized() is value


@pytest.mark.parametrize("value", [(1,), [1, 2], (), {"a": 1}, "text", None])
def test_a_blob_at_its_receiver_is_decoded_when_asked(value: object) -> None:
    assert Blob("info", b"data", fixed(("o", "m", value, {}))).deserialized() == value
    call = {"object": "o", "method": "m", "params": value, "kwargs": {}}
    assert Blob("info", b"data", fixed(call)).deserialized() == value


def test_a_blob_that_is_no_call_cannot_be_decoded() -> None:
    with pytest.raises(SerializeError, match="a call must be"):
        Blob("info", b"data", fixed("nonsense")).deserialized()


def test_a_blob_within_other_values_cannot_be_encoded() -> None:
    with pytest.raises(SerializeError, match="must be the only argument"):
        ClassRules().for_version(502).to_wire(Blob("info", 1))
