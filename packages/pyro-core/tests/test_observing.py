"""Observers: which are meant, what they are told, and that their failures do no harm."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from pyro_core import plugins
from pyro_core.errors import PluginError
from pyro_core.names import DAEMON_ID, GET_ATTRIBUTE, NEXT_ITEM, SET_ATTRIBUTE
from pyro_core.observing import ObservedCall, Observer, Observers, message_bytes, observers_of
from pyro_core.wire import v48, v502
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import BATCH, INVOKE, ONEWAY


class Told(Observer):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def call_begins(self, call: ObservedCall) -> Callable[[], object]:
        self.heard.append(("begins", call.method))
        return lambda: self.heard.append(("ended", call.outcome))


class Broken(Observer):
    def call_begins(self, call: ObservedCall) -> Callable[[], object]:
        if call.method == "begin":
            raise RuntimeError("at once")

        def ended() -> None:
            raise RuntimeError("later")

        return ended

    def connection_made(self, side: str, connection: Any) -> None:
        raise RuntimeError("made")

    def connection_lost(self, side: str, connection: Any, *, accepted: bool) -> None:
        raise RuntimeError("lost")


def test_nobody_is_none() -> None:
    assert observers_of(()) is None


def test_names_stand_for_what_plugins_give_and_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    registry, one, other = plugins.Registry("pyro.observers", {}), Told(), Told()
    registry.register("one", lambda: one)
    monkeypatch.setattr(plugins, "observers", lambda: registry)
    found = observers_of(["one", other, "one", one])
    assert found is not None
    assert list(found) == [one, other]


def test_an_unknown_name_says_so() -> None:
    with pytest.raises(PluginError, match=r"'nothing'.*'pyro.observers'"):
        observers_of(["nothing"])


@pytest.mark.parametrize("wrong", [Told, object(), None])
def test_what_is_no_observer_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="an observer is an object with the methods"):
        observers_of([wrong])


@pytest.mark.parametrize("method", ["begin", "end"])
def test_failures_of_observers_are_logged_and_others_go_on(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()
    observers = Observers([Broken(), told])
    call = ObservedCall("server")
    call.aims_at("thing", method, ())
    with caplog.at_level(logging.ERROR, "pyro_core.observing"):
        observers.begin(call)
        assert call.is_running
        observers.end(call)
        observers.connection_made("server", None)
        observers.connection_lost("server", None, accepted=True)
    assert not call.is_running
    assert told.heard == [("begins", method), ("ended", "ok")]
    assert len(caplog.records) == 3


@pytest.mark.parametrize(
    ("flags", "object_id", "method", "args", "expected"),
    [
        (0, "thing", "add", (1, 2), ("call", "add", 1)),
        (ONEWAY, "thing", "note", (), ("oneway", "note", 1)),
        (BATCH, "thing", "", [1, 2, 3], ("batch", "<batch>", 3)),
        (BATCH | ONEWAY, "thing", "", 5, ("batch", "<batch>", 1)),
        (0, "thing", GET_ATTRIBUTE, ("size",), ("attribute", "size", 1)),
        (0, "thing", SET_ATTRIBUTE, ("size", 3), ("attribute", "size", 1)),
        (0, "thing", GET_ATTRIBUTE, (7,), ("attribute", GET_ATTRIBUTE, 1)),
        (0, DAEMON_ID, NEXT_ITEM, ("id",), ("item", NEXT_ITEM, 1)),
        (0, "thing", NEXT_ITEM, ("id",), ("call", NEXT_ITEM, 1)),
    ],
)
def test_the_kind_of_a_call(flags: int, object_id: str, method: str, args: Any, expected: Any) -> None:
    call = ObservedCall("server", flags)
    call.aims_at(object_id, method, args)
    assert (call.kind, call.method, call.calls) == expected


def test_outcomes() -> None:
    call = ObservedCall("client")
    assert call.outcome == "ok"
    call.streams = True
    assert call.outcome == "stream"
    call.error = KeyError("x")
    assert call.outcome == "KeyError"


@pytest.mark.parametrize("version", [v502.VERSION, v48.VERSION])
@pytest.mark.parametrize("annotations", [{}, {"ABCD": b"12345", "EFGH": b""}], ids=["none", "two"])
def test_the_size_of_a_message(version: int, annotations: dict[str, bytes]) -> None:
    data = CODECS[version].pack(INVOKE, 1, 1, b"payload", 0, annotations)
    assert message_bytes(version, b"payload", annotations) == len(data)
