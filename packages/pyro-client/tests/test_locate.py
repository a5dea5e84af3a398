"""Several name servers, tried in turn."""

from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import failures
from pyro_client.plans.locate import DIRECT_S, ROUNDS, locate, places_of
from pyro_client.profile import Profile
from pyro_client.run_sync import SyncRunner
from pyro_core.errors import (
    CommunicationError,
    ConnectionRejected,
    NameServerNotFound,
    PyroError,
    TimeoutError,
)
from pyro_core.plans import Close, Discover, Open, Sleep, Step
from pyro_core.settings import TLS, ClientSettings, Timeouts
from pyro_core.uri import URI

NS = "PYRO:Pyro.NameServer@"


@pytest.fixture(autouse=True)
def nothing_failed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyro_client.plans.locate.FAILURES", failures.RecentFailures())


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a", ["a:9090"]),
        ("a:1", ["a:1"]),
        (" a:1, b ,,a:1", ["a:1", "b:9090"]),
        ("::1", ["[::1]:9090"]),
        ("[::1]:5,[::2]", ["[::1]:5", "[::2]:9090"]),
        ("./u:/run/ns,a", ["./u:/run/ns", "a:9090"]),
    ],
)
def test_name_servers_are_told_in_one_text(text: str, places: list[str]) -> None:
    assert places_of(text, 9090) == [NS + place for place in places]


@pytest.mark.parametrize("text", ["", " , ", "a:b", "a b", "a:70000"])
def test_what_is_no_address_is_an_error(text: str) -> None:
    with pytest.raises(PyroError):
        places_of(text, 9090)


def driven(
    plan: Any, on_open: Callable[[Open], Any], discover: Callable[[Discover], Any] = pytest.fail
) -> list[Step]:
    """The steps of a search in which every connection fails."""
    steps: list[Step] = []
    result: Any = None
    problem: BaseException | None = None
    while True:
        step = plan.throw(problem) if problem is not None else plan.send(result)
        steps.append(step)
        result = problem = None
        try:
            if isinstance(step, Open):
                result = on_open(step)
            elif isinstance(step, Discover):
                result = discover(step)
            else:
                assert isinstance(step, Sleep | Close)
        except PyroError as failed:
            problem = failed


def refused(step: Open) -> Any:
    raise CommunicationError(f"{step.uri.location} refused")


def test_all_are_tried_in_several_rounds_with_pauses() -> None:
    opened: list[Open] = []

    def on_open(step: Open) -> Any:
        opened.append(step)
        return refused(step)

    plan = locate(Profile(URI(NS + "x:1"), ClientSettings()), "a:1,b:2")
    with pytest.raises(NameServerNotFound) as caught:
        driven(plan, on_open)
    assert [str(step.uri.location) for step in opened] == ["a:1", "b:2"] * ROUNDS
    assert [step.within_s for step in opened] == pytest.approx([8 / 6] * 6)
    assert caught.value.tried == (("a:1", "a:1 refused"), ("b:2", "b:2 refused"))


def test_without_any_deadline_each_has_its_usual_time() -> None:
    waits: list[float | None] = []

    def on_open(step: Open) -> Any:
        waits.append(step.within_s)
        return refused(step)

    settings = ClientSettings(timeouts=Timeouts(connect_s=None))
    with pytest.raises(NameServerNotFound):
        driven(locate(Profile(URI(NS + "x:1"), settings), "a,b"), on_open)
    assert set(waits) == {DIRECT_S}


def test_none_of_them_takes_all_the_time_that_there_is() -> None:
    waits: list[float | None] = []

    def on_open(step: Open) -> Any:
        waits.append(step.within_s)
        raise TimeoutError("late")

    settings = ClientSettings(timeouts=Timeouts(call_s=0.9))
    with pytest.raises(NameServerNotFound):
        driven(locate(Profile(URI(NS + "x:1"), settings), "a,b"), on_open)
    assert waits == pytest.approx([0.12] * 6)


def test_a_deadline_in_a_pause_ends_it_with_the_list() -> None:
    with pytest.raises(NameServerNotFound) as caught:
        SyncRunner(ClientSettings(), sleep=lambda seconds: None, clock=iter(range(0, 1000, 1)).__next__).run(
            locate(Profile(URI(NS + "x:1"), ClientSettings()), "127.0.0.1:1,127.0.0.1:2"), 2.5
        )
    assert [where for where, _ in caught.value.tried] == ["127.0.0.1:1", "127.0.0.1:2"]


def test_an_address_beyond_this_machine_is_tried_beside_the_question_to_all() -> None:
    asked: list[Discover] = []

    def nobody(step: Discover) -> Any:
        asked.append(step)
        return None, (("all", "no answer"),)

    settings = ClientSettings(ns_host="192.0.2.1,localhost", mdns=True)
    with pytest.raises(NameServerNotFound) as caught:
        driven(locate(Profile(URI(NS + "x:1"), settings)), refused, nobody)
    assert [(step.places, step.mdns) for step in asked] == [((NS + "192.0.2.1:9090",), True)]
    assert [where for where, _ in caught.value.tried] == [
        "localhost:9090",
        "127.0.1.1:9090",
        "all",
        "192.0.2.1:9090",
    ]


@pytest.mark.parametrize(("tls", "told"), [(None, [None, "t"]), (TLS(), ["t", "t"])])
def test_the_token_is_told_to_given_addresses_only_unless_tls_shows_who_it_is(
    tls: TLS | None, told: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[str | None] = []

    def connect(uri: URI, profile: Profile, within_s: float | None = None) -> Any:
        tokens.append(profile.token)
        raise ConnectionRejected("no")
        yield

    monkeypatch.setattr("pyro_client.plans.locate.connect", connect)
    answers = iter([NS + "192.0.2.9:1", NS + "192.0.2.1:9090", None])
    settings = ClientSettings(ns_host="192.0.2.1", ns_token="t", tls=tls)
    with pytest.raises(NameServerNotFound, match="does not let this client in"):
        driven(locate(Profile(URI(NS + "x:1"), settings)), refused, lambda step: (next(answers), ()))
    assert tokens == told
