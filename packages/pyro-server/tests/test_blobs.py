import marshal

import pytest

from pyro_core.errors import SerializeError
from pyro_server.blobs import MAX_DEPTH, MAX_DIGITS, read_blob_annotation

NAME = "".join(["b", "lob"])  # a string that marshal writes once and refers to afterwards


@pytest.mark.parametrize(
    "info",
    [
        "blobname",
        "käse",
        "x" * 300,
        "ü" * 300,
        b"bytes",
        None,
        True,
        False,
        0,
        -1,
        2**31 - 1,
        2**31,
        -(2**70),
        1.5,
        float("inf"),
        (),
        (1, ("a", b"b", (None,))),
        tuple(range(300)),
        (NAME, NAME),
    ],
)
@pytest.mark.parametrize("version", [2, 4])
def test_what_stock_peers_write_is_read_back(info: object, version: int) -> None:
    data = marshal.dumps((info, "thing", NAME), version)
    assert read_blob_annotation(data) == (info, "thing", NAME)


def test_a_recorded_annotation_is_read() -> None:
    """Source: recorded from a stock client."""
    data = bytes.fromhex("2903da08") + b"blobname" + b"\xfa\x05thing\xda\x04blob"
    assert read_blob_annotation(data) == ("blobname", "thing", "blob")


def nested(depth: int) -> object:
    return () if depth == 0 else (nested(depth - 1),)


def test_tuples_may_be_nested_up_to_a_limit() -> None:
    # the annotation itself is one tuple around the info
    assert read_blob_annotation(marshal.dumps((nested(MAX_DEPTH - 2), "a", "b")))
    with pytest.raises(SerializeError, match=f"nested more than {MAX_DEPTH} deep"):
        read_blob_annotation(marshal.dumps((nested(MAX_DEPTH - 1), "a", "b")))


def test_numbers_may_have_digits_up_to_a_limit() -> None:
    assert read_blob_annotation(marshal.dumps(((1 << 15 * MAX_DIGITS) - 1, "a", "b")))
    with pytest.raises(SerializeError, match="too large"):
        read_blob_annotation(marshal.dumps((1 << 15 * MAX_DIGITS, "a", "b")))


SHARED = ("shared",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"N",
        b")",
        b")\x03",
        marshal.dumps(("info", "object")),
        marshal.dumps(("info", "object", "method", 1)),
        marshal.dumps(("info", 5, "method")),
        marshal.dumps(("info", "object", None)),
        marshal.dumps(["info", "object", "method"]),
        marshal.dumps(([1], "object", "method")),
        marshal.dumps(({}, "object", "method")),
        marshal.dumps((compile("1", "", "eval"), "object", "method")),
        marshal.dumps(((SHARED, SHARED), "object", "method")),
        marshal.dumps(("info", "object", "method")) + b"N",
        marshal.dumps(("info", "object", "method"))[:-1],
        b"(\xff\xff\xff\x7f",
        b"(\xff\xff\xff\xff",
        b")\x03r\x00\x00\x00\x00NN",
        b")\x03r\x63\x00\x00\x00NN",
        b")\x03z\x01\xffNN",
        b")\x03s\xff\xff\xff\x7fabc",
    ],
)
def test_anything_else_is_refused_without_harm(data: bytes) -> None:
    """S8: crafted marshal values do not reach the interpreter's own loader."""
    with pytest.raises(SerializeError, match="cannot read the annotation of a serialized blob"):
        read_blob_annotation(data)


def test_no_cut_or_changed_annotation_raises_anything_but_a_serialize_error() -> None:
    good = marshal.dumps((("x", 1, 2.0, None, b"y", 2**40), "object", "method"))
    for position in range(len(good)):
        for value in (0, 0x7F, 0x80, 0xFF, good[position] ^ 0x80, good[position] ^ 1):
            changed = good[:position] + bytes([value]) + good[position + 1 :]
            for data in (changed, changed[:position]):
                try:
                    read_blob_annotation(data)
                except SerializeError:
                    pass
