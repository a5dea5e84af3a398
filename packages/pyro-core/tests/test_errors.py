import copy
import pickle

import pytest

from pyro_core import errors
from pyro_core.errors import (
    CommunicationError,
    ConnectionRejected,
    MessageTooLarge,
    NameNotFound,
    NameOwned,
    NameServerNotFound,
    NameTaken,
    PluginError,
    ProtocolError,
    PyroError,
    RemoteError,
    RevisionGone,
    SerializeError,
    SettingsError,
)

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PyroError)]
MADE = [
    SettingsError("bad", name="PYRO_HOST"),
    CommunicationError("lost", peer="h:1", retry_safe=True),
    errors.ConnectionClosedError("gone", peer="h:1"),
    errors.TimeoutError("late"),
    ConnectionRejected("full", peer="h:1"),
    ProtocolError("odd", offset=3, expected=b"a", received=b"b"),
    MessageTooLarge(9, 5, "reply"),
    SerializeError("no", serializer="json"),
    NameNotFound("lost", ["last", "list"]),
    NameTaken("taken"),
    NameOwned("owned"),
    RevisionGone(7),
    NameServerNotFound([("h:1", "refused")]),
    errors.DaemonError("unknown object"),
    errors.SecurityError("private"),
    PluginError("broken", group="g", name="n"),
    RemoteError("shop.Empty", "no tea", ("no tea",)),
]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_can_be_caught_as_one_and_made_of_nothing(kind: type[PyroError]) -> None:
    assert isinstance(kind(), PyroError)
    assert isinstance(str(kind()), str)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_errors_are_copied_with_text_and_fields(error: PyroError) -> None:
    error.add_note("seen")
    vars(error)["_pyroTraceback"] = ["line\n"]
    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert twin.args == error.args
        assert vars(twin) == vars(error)


def test_errors_of_a_programs_own_are_copied_too() -> None:
    assert pickle.loads(pickle.dumps(OutOfTea("green", 3))).kind == "green"


class OutOfTea(PyroError):
    def __init__(self, kind: str, cups: int) -> None:
        super().__init__(f"no {kind} tea for {cups} cups")
        self.kind = kind


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRejected("full"), "connection rejected: full"),
        (ConnectionRejected("full", peer="h:1"), "connection to h:1 rejected: full"),
        (NameNotFound("lost"), "unknown name: lost"),
        (NameNotFound("lost", ["last", "list"]), "unknown name: lost; did you mean 'last' or 'list'?"),
        (NameTaken("n"), "name already registered: n"),
        (
            NameOwned("n"),
            "name 'n' is registered under a lease of somebody else; give the owner's token, "
            "wait until the lease ends, or choose another name",
        ),
        (
            RevisionGone(7),
            "the changes since revision 7 are not known any more; read all names, and go on from there",
        ),
        (RemoteError("a.B", "text"), "a.B: text"),
        (RemoteError("a.B"), "a.B"),
    ],
)
def test_texts_are_made_of_fields(error: PyroError, text: str) -> None:
    assert str(error) == text


def test_a_message_too_large_tells_sizes_with_units() -> None:
    error = MessageTooLarge(300, 200, "compressed message")
    assert "compressed message of 300 bytes is larger than the limit of 200 bytes" in str(error)
    assert (error.size_bytes, error.limit_bytes, error.expected, error.received) == (300, 200, 200, 300)


def test_a_missing_name_server_lists_what_was_tried() -> None:
    text = str(NameServerNotFound([("h:9090", "refused"), ("broadcast", "no answer")]))
    assert "(h:9090: refused; broadcast: no answer)" in text
    assert text.startswith("Failed to locate the nameserver")  # as stock clients say
    assert "nothing was tried" in str(NameServerNotFound())


def test_a_rejected_connection_is_safe_to_try_again() -> None:
    assert ConnectionRejected("full").retry_safe
    assert not CommunicationError("lost").retry_safe


def test_a_remote_error_shows_its_traceback_as_text() -> None:
    error = RemoteError("a.B", "text")
    assert error.remote_traceback == ""
    error._pyroTraceback = ["one\n", "two\n"]
    assert error.remote_traceback == "one\ntwo\n"


def test_a_bad_setting_is_a_value_error_too() -> None:
    assert issubclass(SettingsError, ValueError)
