import json
import traceback
from typing import Any

import pytest

from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import PyroError, RemoteError, SerializeError
from pyro_core.serializer import Serializer
from pyro_server.failures import encode_batch, encode_failure, traceback_lines


class Picky(Serializer):
    """JSON without tolerance, and without a size that surprises."""

    name = "picky"
    wire_ids = {502: 200}  # noqa: RUF012

    def encode_value(self, value: object) -> bytes:
        try:
            return json.dumps(value, default=self.codec.to_wire).encode()
        except (TypeError, ValueError) as problem:
            raise SerializeError(str(problem), serializer="picky") from problem

    def decode_value(self, data: Any) -> Any:
        return json.loads(data)


@pytest.fixture
def serializer() -> Picky:
    return Picky(ClassRules().for_version(502))


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def encoded(serializer: Picky, error: BaseException, max_bytes: int = 1 << 20) -> Any:
    return json.loads(encode_failure(serializer, error, 502, trace=traceback_lines, max_bytes=max_bytes))


def test_an_exception_travels_with_its_data_and_its_traceback(serializer: Picky) -> None:
    error = ValueError("wrong", 5)
    error.code = 7  # type: ignore[attr-defined]
    wire = encoded(serializer, raised(error))
    assert wire["__class__"] == "builtins.ValueError"
    assert wire["args"] == ["wrong", 5]
    assert wire["attributes"]["code"] == 7
    text = "".join(wire["attributes"]["_pyroTraceback"])
    assert text.startswith("Traceback (most recent call last):")
    assert "in raised" in text
    assert text.endswith("ValueError: ('wrong', 5)\n")


def test_the_exception_is_afterwards_as_it_was(serializer: Picky) -> None:
    """B7: one exception object that is raised twice does not carry the first call's traceback along."""
    error = raised(ValueError("wrong"))
    encoded(serializer, error)
    assert vars(error) == {}
    error._pyroTraceback = ["remote\n"]  # type: ignore[attr-defined]
    encoded(serializer, error)
    assert error._pyroTraceback == ["remote\n"]  # type: ignore[attr-defined]


def test_attributes_that_cannot_travel_are_left_out(serializer: Picky) -> None:
    error = ValueError("wrong")
    error.handle = object()  # type: ignore[attr-defined]
    error.code = 7  # type: ignore[attr-defined]
    wire = encoded(serializer, raised(error))
    assert wire["__class__"] == "builtins.ValueError"
    assert wire["attributes"].keys() == {"code", "_pyroTraceback"}


def test_arguments_that_cannot_travel_become_a_text(serializer: Picky) -> None:
    """B4: nothing of an exception is lost that can be told."""
    wire = encoded(serializer, raised(ValueError("no", object)))
    assert wire["__class__"] == "builtins.ValueError"
    assert wire["args"] == ["('no', <class 'object'>)"]
    assert wire["attributes"]["_pyroTraceback"]


def test_an_exception_that_is_too_large_becomes_a_short_one(serializer: Picky) -> None:
    """A14: limit on replies also holds for exceptions."""
    wire = encoded(serializer, raised(ValueError("x" * 10_000)), max_bytes=5_000)
    assert wire["__class__"] == "Pyro5.errors.PyroError"
    assert "too large" in wire["args"][0]


def test_an_exception_whose_text_fails_is_told_all_the_same(serializer: Picky) -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    wire = encoded(serializer, raised(Broken(object())))
    assert "Broken" in wire["args"][0]


def test_the_traceback_shows_causes_and_groups() -> None:
    """B6"""
    cause = raised(KeyError("deep"))
    text = "".join(traceback_lines(raised(ValueError("shallow"), cause)))
    assert "KeyError: 'deep'" in text
    assert "direct cause" in text
    group = raised(ExceptionGroup("several", [ValueError("one"), TypeError("two")]))
    text = "".join(traceback_lines(group))
    assert "ValueError: one" in text
    assert "TypeError: two" in text


def test_the_traceback_of_a_third_process_is_kept_below() -> None:
    error = RemoteError("shop.OutOfStock", "no bikes")
    error._pyroTraceback = ["Traceback of the shop\n", "  line\n"]
    text = "".join(traceback_lines(raised(error)))
    assert " | Traceback of the shop\n |   line\n" in text


def test_frames_of_this_package_are_left_out() -> None:
    from pyro_server.dispatch import Dispatcher
    from pyro_server.instances import Sessions
    from pyro_server.objects import ObjectTable

    with pytest.raises(Exception, match="unknown object") as caught:
        Dispatcher(ObjectTable(), max_batch_calls=1).call("nope", "x", (), {}, Sessions())
    assert "pyro_server" in "".join(traceback.format_exception(caught.value))
    trace = caught.value.__traceback__
    assert trace is not None
    inner = caught.value.with_traceback(trace.tb_next)
    assert "dispatch" not in "".join(traceback_lines(inner))


def test_local_variables_are_shown_only_if_wanted() -> None:
    """D10"""

    def secretive() -> None:
        password = "swordfish"  # noqa: F841
        raise ValueError("wrong")

    with pytest.raises(ValueError) as caught:
        secretive()
    assert "'swordfish'" in "".join(traceback_lines(caught.value, detailed=True))
    assert "password = 'swordfish'\n" not in traceback_lines(caught.value)


def test_a_batch_carries_the_failure_with_its_traceback(serializer: Picky) -> None:
    error = raised(ValueError("wrong"))
    one, failure = json.loads(encode_batch(serializer, [1, BatchFailure(error)], traceback_lines))
    assert one == 1
    assert failure["__class__"] == "Pyro5.core._ExceptionWrapper"
    assert failure["exception"]["attributes"]["_pyroTraceback"]
    assert vars(error) == {}


def test_a_failure_that_cannot_travel_does_not_cost_the_other_results(serializer: Picky) -> None:
    error = raised(ValueError(object))
    one, failure = json.loads(encode_batch(serializer, [1, BatchFailure(error)], traceback_lines))
    assert one == 1
    assert "ValueError" in failure["exception"]["args"][0]
    with pytest.raises(SerializeError):
        encode_batch(serializer, [object], traceback_lines)
    assert encode_batch(serializer, [], traceback_lines) == b"[]"


def test_a_format_without_dict_forms_gets_an_error_that_quotes_the_original() -> None:
    class Whole(Picky):
        has_dict_forms = False

        def encode_value(self, value: object) -> bytes:
            if isinstance(value, PyroError):
                return str(value).encode()
            return super().encode_value({"taken": value} if isinstance(value, dict) else object())

    error = raised(ValueError("too odd", object()))
    text = encode_failure(
        Whole(ClassRules().for_version(502)), error, 502, trace=traceback_lines, max_bytes=10_000
    ).decode()
    assert text.startswith("Error serializing exception: don't know how to serialize class <class 'object'>")
    assert "Original exception: <class 'ValueError'>: ('too odd'" in text


def test_a_variable_that_cannot_be_shown_does_not_cost_the_answer() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

        def fail(self) -> None:
            raise ValueError("as asked")

    with pytest.raises(ValueError, match="as asked") as caught:
        Odd().fail()
    assert "ValueError: as asked\n" in traceback_lines(caught.value, detailed=True)
