"""The fuzzers, for a moment; ``hatch run fuzz`` is the same for longer."""

import random
from pathlib import Path
from typing import Any

import pytest
from fuzz import conversations, engine_target, serializers_target

from pyro_server import expose
from pyro_server.answers import Answers

pytestmark = [
    # Python's parser has its opinions about nonsense, and a method that is no longer awaited says so.
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_engines_stand_changed_messages() -> None:
    assert engine_target.run(random.Random(20), 4000) > 2000


def test_an_engine_that_answers_wrongly_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Answers.failure

    def elsewhere(self: Answers, request: Any, *rest: Any) -> Any:
        request.seq ^= 1
        try:
            return usual(self, request, *rest)
        finally:
            request.seq ^= 1

    monkeypatch.setattr(Answers, "failure", elsewhere)
    with pytest.raises(AssertionError, match="answers"):
        engine_target.run(random.Random(20), 4000)


def test_safe_serializers_stand_changed_payloads() -> None:
    assert serializers_target.run(random.Random(21), 1500) == 1500


def test_what_broke_something_once_does_no_more() -> None:
    assert (
        serializers_target.main([str(Path(serializers_target.__file__).parent / "corpus/serializers")]) == 0
    )


def test_conversations_go_as_predicted() -> None:
    with conversations.servers(("threaded", "multiplex", "asyncio")) as where:
        for seed in range(30):
            conversations.converse(seed, where, steps=15)


def test_a_server_that_is_wrong_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations.Ledger, "noted", expose(lambda self: -1))
    monkeypatch.setattr(conversations, "PATIENCE_S", 0.2)
    with conversations.servers(("threaded",)) as where, pytest.raises(AssertionError, match="oneway"):
        conversations.converse(0, where, steps=1)
