"""Arrays there and back. Skipped where numpy is not installed: the core does not need it."""

import json
import subprocess
import sys
from typing import Any

import pytest

from pyro_core import arrays
from pyro_core.errors import SerializeError

numpy = pytest.importorskip("numpy", reason="numpy is not installed (extra 'numpy')")


def there_and_back(array: Any) -> Any:
    about, buffer = arrays.describe(array)
    return arrays.rebuild(json.loads(json.dumps(about)), bytearray(buffer))


def samples() -> list[Any]:
    grid = numpy.arange(24, dtype="<f8").reshape(2, 3, 4)
    structured = numpy.zeros(3, dtype=[("a", "<i4"), ("b", "<f8", (2, 2)), ("c", [("d", "S3")])])
    structured["a"] = [1, 2, 3]
    structured["c"]["d"] = [b"x", b"yy", b"zzz"]
    padded = numpy.ones(
        2, dtype=numpy.dtype({"names": ["u"], "formats": ["u1"], "offsets": [3], "itemsize": 8})
    )
    return [
        grid,
        numpy.asfortranarray(grid),
        grid[:, ::2, ::-1],
        grid.astype(">i2"),
        grid > 5,
        numpy.array(5),
        numpy.zeros((0, 3)),
        numpy.zeros((3, 0), order="F"),
        numpy.array(["text", "ü"]),
        numpy.array([b"ab"]),
        numpy.array([1 + 2j], dtype="complex64"),
        numpy.array(["2020-01-02T03:04:05.678"], dtype="datetime64[ms]"),
        numpy.array([5], dtype="timedelta64[25s]"),
        numpy.array([1, 2], dtype="float16"),
        structured,
        padded,
    ]


@pytest.mark.parametrize("number", range(16))
def test_arrays_come_back_as_they_were(number: int) -> None:
    array = samples()[number]
    back = there_and_back(array)
    assert type(back) is numpy.ndarray
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert (back == array).all()
    assert back.flags.writeable


def test_the_order_in_memory_is_kept() -> None:
    assert there_and_back(numpy.asfortranarray(numpy.ones((2, 3)))).flags.f_contiguous
    assert there_and_back(numpy.ones((2, 3))).flags.c_contiguous


def test_a_contiguous_array_is_not_copied() -> None:
    for array in (numpy.zeros((2, 3)), numpy.zeros((2, 3), order="F")):
        _, buffer = arrays.describe(array)
        array[0, 0] = 1
        assert any(buffer)
    space = bytearray(8)
    arrays.rebuild(["<i8", [1], "C"], space)[0] = 1
    assert any(space)


@pytest.mark.parametrize(
    "make",
    [
        lambda: numpy.array([object()]),
        lambda: numpy.zeros(1, dtype=[("a", "O")]),
        lambda: numpy.ma.masked_array([1], mask=[True]),
        lambda: numpy.zeros(1, dtype=[]),
        lambda: numpy.rec.array([(1,)], dtype=[("a", "<i4")]),
    ],
    ids=["objects", "a field of objects", "masked", "no bytes", "a subclass"],
)
def test_what_cannot_come_back_is_refused_where_it_is_sent(make: Any) -> None:
    with pytest.raises(SerializeError, match="cannot travel"):
        arrays.describe(make())


@pytest.mark.parametrize(
    "about",
    [
        None,
        [],
        ["<f8", [1]],
        ["<f8", [1], "K"],
        ["<f8", 1, "C"],
        ["<f8", [-1], "C"],
        ["<f8", [True], "C"],
        ["<f8", [1] * 33, "C"],
        ["<f8", [0, 2**70], "C"],
        ["O", [1], "C"],
        ["|O8", [1], "C"],
        ["<f7", [1], "C"],
        ["f8,O", [1], "C"],
        ["|V99999999", [0], "C"],
        ["|S0", [2**60], "C"],
        [[8], [1], "C"],
        [[8, ["a", "|O8", 0, []]], [1], "C"],
        [[8, ["a", "<f8", 4, []]], [1], "C"],
        [[8, ["a", "<f8", 0, [2**40]]], [1], "C"],
        [[8, ["a", "<f4", 0, []], ["a", "<f4", 4, []]], [1], "C"],
        [[8, *[["a", "<f4", 0, []]] * 1001], [1], "C"],
        [{"names": ["a"]}, [1], "C"],
    ],
    ids=lambda about: repr(about)[:40],
)
def test_descriptions_that_make_no_sense_are_refused(about: Any) -> None:
    if about == [[8], [1], "C"]:
        about = [[8, ["a", [8, ["b", [8, ["c", [8]]]]]]], [1], "C"]
    with pytest.raises(SerializeError, match="array"):
        arrays.rebuild(about, bytearray(8))


@pytest.mark.parametrize("size", [0, 7, 9])
def test_the_buffer_must_be_as_large_as_described(size: int) -> None:
    with pytest.raises(SerializeError, match=f"of 8 bytes arrived with {size} bytes"):
        arrays.rebuild(["<f8", [1], "C"], bytearray(size))


def test_the_module_does_not_import_numpy() -> None:
    code = "import sys, pyro_core.arrays; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "False"
