import sqlite3
import struct
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core import errors
from pyro_core.errors import PyroError, RemoteError
from pyro_core.remote_errors import (
    describe,
    descriptions,
    excepthook,
    rebuild,
    remote_traceback_lines,
    safe_str,
    traceback_text,
)

TRACEBACK = ["Traceback (most recent call last):\n", '  File "shop.py", line 3\n', "ValueError: no\n"]
OWN = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, PyroError) and value.__module__ == errors.__name__
}


class OutOfStock(Exception):
    pass


def with_traceback(error: BaseException) -> BaseException:
    vars(error)["_pyroTraceback"] = TRACEBACK
    return error


def wire(name: str, /, *args: object, **attributes: object) -> dict[str, object]:
    return {"__class__": name, "__exception__": True, "args": args, "attributes": attributes}


def test_an_exception_travels_with_name_arguments_and_attributes() -> None:
    error = OutOfStock("tea", 3)
    vars(error)["shelf"] = 7
    described = describe(error, 502)
    assert described == {
        "__class__": f"{__name__}.OutOfStock",
        "__exception__": True,
        "args": ("tea", 3),
        "attributes": {"shelf": 7},
    }


@pytest.mark.parametrize(
    ("error", "version", "name"),
    [
        (ValueError(), 502, "builtins.ValueError"),
        (PyroError(), 502, "Pyro5.errors.PyroError"),
        (PyroError(), 48, "Pyro4.errors.PyroError"),
        (errors.MessageTooLarge(), 502, "Pyro5.errors.MessageTooLargeError"),
        (errors.NameNotFound("n"), 48, "Pyro4.errors.NamingError"),
        (errors.ConnectionRejected("full"), 502, "Pyro5.errors.CommunicationError"),
    ],
)
def test_stock_peers_read_names_that_they_know(error: BaseException, version: int, name: str) -> None:
    assert describe(error, version)["__class__"] == name


@pytest.mark.parametrize("version", [48, 502])
@pytest.mark.parametrize("name", sorted(OWN))
def test_every_error_of_the_system_arrives_as_itself(name: str, version: int) -> None:
    special = {
        "MessageTooLarge": (7, 5, "reply"),
        "NameServerNotFound": ([("h:1", "refused")],),
        "RevisionGone": (7,),
    }
    sent = OWN[name](*special.get(name, ("some text",)))
    back = rebuild(describe(with_traceback(sent), version))
    assert type(back) is type(sent)
    assert back.args == sent.args
    assert str(back) == str(sent)
    assert vars(back) == {**vars(sent), **({"retry_safe": False} if "retry_safe" in vars(sent) else {})}


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        (errors.CommunicationError("lost", peer="h:1"), {"peer": "h:1", "retry_safe": False}),
        (
            errors.ProtocolError("odd", offset=3, expected=1, received=2),
            {"offset": 3, "expected": 1, "received": 2},
        ),
        (errors.MessageTooLarge(9, 5), {"size_bytes": 9, "limit_bytes": 5}),
        (errors.NameNotFound("lost", ["last"]), {"name": "lost", "near": ("last",)}),
        (errors.NameServerNotFound([("h:1", "refused")]), {"tried": (("h:1", "refused"),)}),
        (
            errors.RemoteError("a.B", "text", (1,)),
            {"type_name": "a.B", "message": "text", "remote_args": (1,)},
        ),
    ],
)
def test_fields_of_our_errors_survive(sent: PyroError, fields: dict[str, object]) -> None:
    back = rebuild(describe(sent, 502))
    assert {name: getattr(back, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ValueError", ValueError),
        ("builtins.ZeroDivisionError", ZeroDivisionError),
        ("exceptions.KeyError", KeyError),
        ("sqlite3.OperationalError", sqlite3.OperationalError),
        ("struct.error", struct.error),
        ("Pyro5.errors.TimeoutError", errors.TimeoutError),
        ("Pyro4.errors.ConnectionClosedError", errors.ConnectionClosedError),
        ("NamingError", errors.NamingError),
    ],
)
def test_allowed_types_are_rebuilt(name: str, kind: type[Exception]) -> None:
    back = rebuild(wire(name, "text", detail=[1]))
    assert type(back) is kind
    assert back.args == ("text",)
    assert vars(back)["detail"] == [1]


def test_an_unknown_type_keeps_name_text_and_traceback() -> None:
    back = rebuild(wire("shop.OutOfStock", "tea", 3, _pyroTraceback=TRACEBACK, shelf=7))
    assert isinstance(back, RemoteError)
    assert (back.type_name, back.message, back.remote_args) == ("shop.OutOfStock", "tea, 3", ("tea", 3))
    assert str(back) == "shop.OutOfStock: tea, 3"
    assert back.remote_traceback == "".join(TRACEBACK)
    assert vars(back)["shelf"] == 7


@pytest.mark.parametrize(
    "name",
    [
        "SystemExit",
        "builtins.SystemExit",
        "exceptions.KeyboardInterrupt",
        "GeneratorExit",
        "BaseException",
        "asyncio.CancelledError",
        "builtins.print",
        "builtins.object",
        "Pyro5.errors.sys",
        "Pyro5.errors.Iterable",
        "Pyro5.errors.__builtins__",
        "sqlite3.connect",
        "os.error",
        "",
        ".",
    ],
)
def test_a_peer_cannot_raise_what_is_not_allowed(name: str) -> None:
    assert type(rebuild(wire(name, 1))) is RemoteError


def test_a_peer_cannot_turn_one_of_our_errors_into_another_branch() -> None:
    assert type(rebuild(wire("Pyro5.errors.NamingError", pyro_type="SecurityError"))) is errors.NamingError
    assert type(rebuild(wire("Pyro5.errors.NamingError", pyro_type="Iterable"))) is errors.NamingError
    assert type(rebuild(wire("Pyro5.errors.NamingError", pyro_type=["x"]))) is errors.NamingError


def test_arguments_that_a_type_refuses_are_shown() -> None:
    back = rebuild(wire("UnicodeDecodeError", "only one"))
    assert isinstance(back, RemoteError)
    assert str(back) == "UnicodeDecodeError: only one"


@pytest.mark.parametrize(("start", "end"), [(-(10**12), 1 - 10**12), (0, 4), (2, 1), (10**12, 10**12 + 1)])
def test_unicode_errors_that_point_outside_their_text_are_not_rebuilt(start: int, end: int) -> None:
    # str() of such a one reads memory that it does not own.
    for name, text in (("UnicodeDecodeError", b"abc"), ("UnicodeEncodeError", "abc")):
        back = rebuild(wire(name, "utf-8", text, start, end, "reason"))
        assert isinstance(back, RemoteError)
        assert "reason" in str(back)
    assert isinstance(rebuild(wire("UnicodeTranslateError", "abc", start, end, "reason")), RemoteError)


def test_unicode_errors_cannot_be_moved_outside_their_text() -> None:
    args = ("utf-8", b"abc", 0, 1, "reason")
    back = rebuild(
        wire("UnicodeDecodeError", *args, start=-(10**12), end=1 - 10**12, object=b"", note="kept")
    )
    assert isinstance(back, UnicodeDecodeError)
    assert (back.start, back.end, back.object) == (0, 1, b"abc")
    assert "reason" in str(back)
    assert vars(back)["note"] == "kept"


@pytest.mark.parametrize(
    "name", ["add_note", "with_traceback", "remote_traceback", "__class__", "__cause__", "__dict__", "args"]
)
def test_attributes_never_replace_code_or_the_machinery(name: str) -> None:
    back = rebuild(wire("shop.OutOfStock", "tea", **{name: "replaced"}))
    assert type(back) is RemoteError
    assert getattr(back, name) != "replaced"
    assert name not in vars(back)
    assert back.args == ("shop.OutOfStock: tea",)


def test_attributes_that_are_no_data_are_left_out() -> None:
    back = rebuild(
        wire("ValueError", call=print, **{"no identifier": 1, "__notes__": [1], "_pyroTraceback": [2]})
    )
    assert vars(back) == {}


def test_fields_that_a_type_keeps_itself_are_set_where_the_value_fits() -> None:
    assert vars(rebuild(wire("OSError", filename="f"))) == {}
    error = rebuild(wire("BlockingIOError", characters_written=2**70, errno=11))
    assert isinstance(error, BlockingIOError)
    assert error.errno == 11


def test_notes_are_kept() -> None:
    error = ValueError("x")
    error.add_note("seen at the sender")
    assert rebuild(describe(error, 502)).__notes__ == ["seen at the sender"]


def test_an_error_of_the_operating_system_keeps_the_name_of_its_file() -> None:
    back = rebuild(describe(FileNotFoundError(2, "No such file", "stock.txt"), 502))
    assert isinstance(back, FileNotFoundError)
    assert (back.filename, str(back)) == ("stock.txt", "[Errno 2] No such file: 'stock.txt'")


def test_a_file_name_that_is_no_text_does_not_keep_the_error_back() -> None:
    described = describe(FileNotFoundError(2, "No such file", "\udcff"), 502)
    assert described["args"] == (2, "No such file", r"\udcff")


@pytest.mark.parametrize("attributes", [None, [], "text", 5])
def test_attributes_of_another_shape_are_left_out(attributes: object) -> None:
    back = rebuild({"__class__": "ValueError", "args": "text", "attributes": attributes})
    assert isinstance(back, ValueError)
    assert back.args == ("text",)


def test_a_faithful_description_comes_first_and_simpler_ones_follow() -> None:
    error = with_traceback(OutOfStock("tea"))
    vars(error).update(lock=object(), shelf=7)
    faithful, simple, last = descriptions(error, 502)
    assert faithful == describe(error, 502)
    assert simple["attributes"] == {"shelf": 7, "_pyroTraceback": TRACEBACK}
    assert simple["args"] == ("tea",)
    back = rebuild(last)
    assert type(back) is PyroError
    assert "OutOfStock" in str(back)
    assert "tea" in str(back)
    assert remote_traceback_lines(back) == TRACEBACK


def test_an_exception_whose_text_fails_can_be_described() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    *_, last = descriptions(Mute(), 48)
    assert "whose text raised ZeroDivisionError" in str(rebuild(last))
    assert safe_str(Mute()) == "<Mute, whose text raised ZeroDivisionError>"
    assert safe_str(5) == "5"


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_the_text_of_a_traceback_ends_with_the_remote_one() -> None:
    local = traceback_text(raised(ValueError("no")))
    assert "Remote traceback" not in local
    text = traceback_text(raised(with_traceback(ValueError("no"))))
    assert text.index("in raised") < text.index("Remote traceback") < text.index(" | ValueError: no\n")


def test_the_hook_prints_the_remote_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    error = raised(with_traceback(ValueError("no")))
    excepthook(type(error), error, error.__traceback__)
    assert capsys.readouterr().err == traceback_text(error)
    assert sys.excepthook is not excepthook


def names() -> Iterator[str]:
    yield from ("ValueError", "OSError", "SyntaxError", "ImportError", "UnicodeDecodeError", "ExceptionGroup")
    yield from (
        "Pyro5.errors.MessageTooLarge",
        "Pyro5.errors.NamingError",
        "StopIteration",
        "a.B",
        "BlockingIOError",
    )


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["start", "end", "object", "errno", "lineno", "text", "_pyroTraceback", "__notes__", "near"]
    )
    | st.text(max_size=5),
    JUNK,
    max_size=4,
)


@given(st.sampled_from(list(names())), st.lists(JUNK, max_size=5) | JUNK, ATTRIBUTES | JUNK)
def test_anything_becomes_an_exception_that_can_be_printed(
    name: str, args: object, attributes: object
) -> None:
    back = rebuild({"__class__": name, "__exception__": True, "args": args, "attributes": attributes})
    assert isinstance(back, Exception)
    assert isinstance(safe_str(back), str)
    assert isinstance(repr(back), str)


def test_what_was_safe_to_repeat_there_is_not_so_here() -> None:
    """B2: the method ran, and the call that it made in turn could not connect."""
    nested = errors.CommunicationError("cannot connect to h:1", peer="h:1", retry_safe=True)
    back = rebuild(describe(nested, 502))
    assert isinstance(back, errors.CommunicationError)
    assert not back.retry_safe
    assert not vars(rebuild(describe(errors.ConnectionRejected("full"), 502)))["retry_safe"]


def test_fields_of_our_errors_have_their_types_whatever_the_format_made_of_them() -> None:
    back = rebuild(
        wire("Pyro5.errors.NamingError", "t", pyro_type="NameNotFound", name="lost", near=["last"])
    )
    assert isinstance(back, errors.NameNotFound)
    assert (back.name, back.near) == ("lost", ("last",))
    odd = rebuild(
        wire("Pyro5.errors.NamingError", "t", pyro_type="NameNotFound", name=5, near="last", more=1)
    )
    assert isinstance(odd, errors.NameNotFound)
    assert (odd.name, odd.near, vars(odd)["more"]) == ("", (), 1)


def test_a_name_in_bytes_is_read() -> None:
    described = {**wire("ValueError", "x"), "__class__": b"builtins.ValueError"}
    assert type(rebuild(described)) is ValueError


class Text(str):
    pass


def test_simpler_descriptions_hold_only_what_every_format_can_carry() -> None:
    error = with_traceback(OutOfStock("tea"))
    endless: list[object] = []
    endless.append(endless)
    vars(error).update(endless=endless, text=Text("x"), deep=[[[1]]], pair=(1, "a"))
    _, simple, _ = descriptions(error, 502)
    assert simple["attributes"] == {"deep": [[[1]]], "pair": (1, "a"), "_pyroTraceback": TRACEBACK}


def test_the_simplest_description_fits_into_utf_8() -> None:
    error = OutOfStock("half a character: \ud800")
    vars(error)["_pyroTraceback"] = ["line with \udfff\n", 5]
    *_, last = descriptions(error, 502)
    assert last["args"][0].endswith("half a character: \\ud800")
    assert last["attributes"]["_pyroTraceback"] == ["line with \\udfff\n", "5"]
