"""What makes a call survive, or not: deadlines, lost connections, repeats, forks, hooks."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core import context
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    MessageTooLarge,
    ProtocolError,
    TimeoutError,
)
from pyro_core.settings import ClientSettings, Limits, Timeouts
from pyro_core.wire.message import CONNECT_OK, RESULT

SHORT_S = 0.15


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


@pytest.fixture(params=["careful path", "direct path"])
def warm_or_cold(request: pytest.FixtureRequest) -> bool:
    """Whether a first call was made, after which calls take the direct path."""
    return bool(request.param == "direct path")


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets scripts that keep a client waiting go on at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_b1_the_deadline_is_for_the_whole_call_also_for_a_trickling_peer(
    proxy: Proxy, server: Any, released: threading.Event, warm_or_cold: bool
) -> None:
    def trickle(peer: Any, call: Any) -> None:
        for byte in peer.answer("x" * 4000):
            if released.wait(SHORT_S / 10):
                return
            peer.sock.send(bytes([byte]))

    server.scripts["echo"] = trickle
    proxy._pyro.timeout_s = SHORT_S
    if warm_or_cold:
        proxy.add(1, 1)
    else:
        proxy._pyro.bind()
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="timeout"):
        proxy.echo(1)
    assert SHORT_S * 0.9 < time.monotonic() - began < SHORT_S * 3
    released.set()
    assert not proxy._pyro.connected


def test_b1_a_silent_peer_is_given_up_at_the_deadline(proxy: Proxy, server: Any, warm_or_cold: bool) -> None:
    server.scripts["echo"] = lambda peer, call: None
    proxy._pyro.timeout_s = SHORT_S
    if warm_or_cold:
        proxy.add(1, 1)
    with pytest.raises(TimeoutError) as caught:
        proxy.echo(1)
    assert not caught.value.retry_safe
    assert caught.value.peer == server.uri.location
    assert proxy.add(1, 2) == 3  # over a new connection, so that the late answer confuses nobody
    assert len(server.connects) == 2


def test_b1_a_silent_handshake_is_given_up_at_the_deadline(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    monkeypatch.setattr(server, "_greet", lambda peer, message: released.wait(10))
    proxy._pyro.timeout_s = SHORT_S
    with pytest.raises(TimeoutError):
        proxy.add(1, 1)
    released.set()


def test_connecting_has_a_limit_of_its_own(
    server: Any, settings: ClientSettings, monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    monkeypatch.setattr(server, "_greet", lambda peer, message: released.wait(10))
    impatient = replace(settings, timeouts=Timeouts(connect_s=SHORT_S))
    with Proxy(server.uri, settings=impatient) as proxy, pytest.raises(TimeoutError):
        proxy.add(1, 1)
    released.set()


def test_a_large_answer_arrives_within_a_deadline(proxy: Proxy) -> None:
    proxy._pyro.timeout_s = 20
    text = "x" * 3_000_000
    assert proxy.echo(text) == text
    assert proxy.echo(text) == text
    assert proxy.add(1, 1) == 2


def test_a_large_request_meets_the_deadline_when_the_peer_does_not_read(
    proxy: Proxy, server: Any, released: threading.Event
) -> None:
    server.scripts["note"] = lambda peer, call: released.wait(10)
    proxy._pyro.timeout_s = SHORT_S
    proxy.note()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        proxy.echo("x" * 20_000_000)
    assert time.monotonic() - began < SHORT_S * 4
    released.set()


def test_a_deadline_can_be_changed_and_removed_between_calls(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    proxy._pyro.timeout_s = SHORT_S
    server.scripts["echo"] = lambda peer, call: None
    with pytest.raises(TimeoutError):
        proxy.echo(1)
    proxy._pyro.timeout_s = None
    proxy.add(1, 1)
    waited = threading.Event()
    server.scripts["echo"] = lambda peer, call: (waited.wait(SHORT_S * 2), peer.reply("late"))
    assert proxy.echo(1) == "late"


def test_waiting_for_another_threads_call_counts_against_the_deadline(
    proxy: Proxy, server: Any, released: threading.Event
) -> None:
    begun = threading.Event()
    server.scripts["echo"] = lambda peer, call: (begun.set(), released.wait(10), peer.reply("slow"))
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(proxy.echo(1)))
    thread.start()
    assert begun.wait(10)
    proxy._pyro.timeout_s = SHORT_S
    with pytest.raises(TimeoutError, match="another call on this proxy") as caught:
        proxy.add(1, 1)
    assert caught.value.retry_safe
    released.set()
    thread.join()
    assert results == ["slow"]
    assert len(server.connects) == 1


def test_a_lost_connection_is_an_error_and_the_call_is_not_repeated(
    proxy: Proxy, server: Any, warm_or_cold: bool
) -> None:
    server.scripts["echo"] = lambda peer, call: peer.hang_up()
    if warm_or_cold:
        proxy.add(1, 1)
    with pytest.raises(ConnectionClosedError) as caught:
        proxy.echo(1)
    assert not caught.value.retry_safe
    assert not proxy._pyro.connected
    assert [call.method for call in server.calls].count("echo") == 1
    assert proxy.add(1, 2) == 3


def test_a_call_whose_request_could_not_be_sent_is_repeated(proxy: Proxy, server: Any) -> None:
    """Nothing was sent, so nothing can be executed twice."""
    proxy.add(1, 1)
    connection = proxy._pyro.connection
    assert connection is not None
    connection.link.sock.shutdown(2)
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 2


def test_a_connection_that_the_server_closed_while_it_was_quiet_is_replaced(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.add(1, 1)
    server.hang_up_on_everybody()
    channel = proxy._pyro._channel
    channel.dialogue.used_at -= 5
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 2


@pytest.mark.parametrize("quiet_s", [0, 5], ids=["busy", "quiet"])
def test_who_wants_to_hear_of_a_lost_connection_does(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch, warm_or_cold: bool, quiet_s: float
) -> None:
    channel = proxy._pyro._channel
    channel.profile.reopens = False
    if warm_or_cold:
        proxy.add(1, 1)
    else:
        proxy._pyro.bind()
    server.hang_up_on_everybody()
    monkeypatch.setattr(channel, "_clock", lambda: time.monotonic() + quiet_s)
    with pytest.raises(ConnectionClosedError):
        proxy.add(1, 2)
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 2


def test_a_lost_connection_of_which_one_wants_to_hear_is_no_matter_with_retries(
    proxy: Proxy, server: Any
) -> None:
    proxy._pyro._channel.profile.reopens = False
    proxy._pyro.max_retries = 1
    proxy.add(1, 1)
    server.hang_up_on_everybody()
    assert proxy.add(1, 2) == 3


def test_a_quiet_connection_that_is_fine_is_kept(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.add(1, 1)
    channel = proxy._pyro._channel
    channel.dialogue.used_at -= 5
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 1
    assert channel._shortest("add", (1, 3), {}) == 4  # it is in use again


def test_max_retries_repeats_calls_that_may_have_been_executed(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(proxy._pyro._channel.runner, "sleep", slept.append)
    answers: list[Callable[[Any], object]] = [
        lambda peer: peer.hang_up(),
        lambda peer: peer.hang_up(),
        lambda peer: peer.reply("third"),
    ]
    server.scripts["echo"] = lambda peer, call: answers.pop(0)(peer)
    proxy._pyro.max_retries = 2
    assert proxy.echo(1) == "third"
    assert len(slept) == 2
    assert 0 < slept[0] <= 0.1 < slept[1] * 2 <= 0.4


def test_max_retries_gives_each_attempt_its_own_deadline(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy._pyro._channel.runner, "sleep", lambda seconds: None)
    server.scripts["echo"] = lambda peer, call: None
    proxy._pyro.timeout_s = SHORT_S
    proxy._pyro.max_retries = 2
    with pytest.raises(TimeoutError):
        proxy.echo(1)
    assert [call.method for call in server.calls] == ["echo"] * 3


def test_a_refused_connection_is_safe_to_retry(settings: ClientSettings, free_port: int) -> None:
    with pytest.raises(CommunicationError) as caught:
        Proxy(f"PYRO:thing@127.0.0.1:{free_port}", settings=settings).add(1, 1)
    assert caught.value.retry_safe


def test_an_interrupted_call_drops_the_connection(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch, warm_or_cold: bool
) -> None:
    if warm_or_cold:
        proxy.add(1, 1)
    server.scripts["echo"] = lambda peer, call: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        proxy.echo(1)
    assert not proxy._pyro.connected
    assert proxy.add(1, 2) == 3


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(
            lambda peer, call: peer.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 9), id="not ours"
        ),
        pytest.param(lambda peer, call: peer.sock.sendall(peer.answer(1) * 2), id="two answers"),
        pytest.param(lambda peer, call: _reply_with_number(peer, 77), id="another call's answer"),
        pytest.param(lambda peer, call: _reply_with_serializer(peer, 1), id="another serializer"),
    ],
)
def test_an_answer_against_the_protocol_drops_the_connection(
    proxy: Proxy, server: Any, warm_or_cold: bool, garbage: Callable[[Any, Any], None]
) -> None:
    server.scripts["echo"] = garbage
    if warm_or_cold:
        proxy.add(1, 1)
    with pytest.raises(ProtocolError):
        proxy.echo(1)
    assert not proxy._pyro.connected
    assert proxy.add(1, 2) == 3


def _reply_with_number(peer: Any, seq: int) -> None:
    peer.request.seq = seq
    peer.reply(1)


def _reply_with_serializer(peer: Any, number: int) -> None:
    peer.sock.sendall(peer.session.reply(peer.request, b"1", serializer_id=number))


def test_a_request_above_the_limit_is_refused_here_and_keeps_the_connection(
    server: Any, settings: ClientSettings, warm_or_cold: bool
) -> None:
    small = replace(settings, limits=Limits(max_message_bytes=2000))
    with Proxy(server.uri, settings=small) as proxy:
        if warm_or_cold:
            proxy.add(1, 1)
        with pytest.raises(MessageTooLarge):
            proxy.echo("x" * 3000)
        assert proxy.add(1, 2) == 3
    assert len(server.connects) == 1


def test_requests_are_compressed_when_the_settings_say_so(server: Any, settings: ClientSettings) -> None:
    text = "long " * 2000
    with Proxy(server.uri, settings=replace(settings, compression=True)) as proxy:
        assert proxy.echo(text) == text
        assert proxy.echo(text) == text
    assert server.received_bytes < 2000


def test_b7_response_annotations_belong_to_the_call(proxy: Proxy, server: Any, warm_or_cold: bool) -> None:
    if warm_or_cold:
        proxy.add(1, 1)
    server.scripts["echo"] = lambda peer, call: peer.reply(1, annotations={"RESP": b"first"})
    with context.outgoing({"TEST": b"request"}) as block:
        proxy.echo(1)
        assert block.response_annotations == {"RESP": b"first"}
        proxy.add(1, 1)
        assert block.response_annotations == {}
    assert [dict(request.annotations) for request in server.requests[-2:]] == [{"TEST": b"request"}] * 2
    with context.outgoing() as other:
        assert other.response_annotations == {}
    proxy.add(1, 1)
    assert dict(server.requests[-1].annotations) == {}


def test_b8_creating_a_proxy_leaves_pending_annotations(
    proxy: Proxy, server: Any, settings: ClientSettings
) -> None:
    with context.outgoing({"TEST": b"pending"}) as block:
        Proxy(server.uri, settings=settings)
        assert block.annotations == {"TEST": b"pending"}
        proxy.add(1, 1)
    assert dict(server.requests[-1].annotations) == {"TEST": b"pending"}


def test_the_correlation_id_goes_along(proxy: Proxy, server: Any, warm_or_cold: bool) -> None:
    from uuid import UUID

    if warm_or_cold:
        proxy.add(1, 1)
    number = UUID("11112222-3333-4444-5555-666677778888")
    with context.outgoing(correlation_id=number):
        proxy.add(1, 1)
    assert server.requests[-1].correlation_id == number.bytes


def test_calls_made_by_a_served_method_carry_its_correlation_id(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    token = context.enter_call(context.CallContext(correlation_id=b"c" * 16))
    try:
        proxy.add(1, 1)
    finally:
        context.leave_call(token)
    assert server.requests[-1].correlation_id == b"c" * 16


def test_annotation_hooks_see_every_request_and_answer(proxy: Proxy, server: Any) -> None:
    answers: list[tuple[dict[str, bytes], int]] = []
    proxy._pyro.annotations = lambda: {"HOOK": b"out"}
    proxy._pyro.on_response = lambda annotations, kind: answers.append((dict(annotations), kind))
    server.scripts["echo"] = lambda peer, call: peer.reply(1, annotations={"RESP": b"in"})
    proxy.echo(1)
    assert server.connects[0].annotations["HOOK"] == b"out"
    assert dict(server.requests[0].annotations) == {"HOOK": b"out"}
    assert [kind for _, kind in answers] == [CONNECT_OK, RESULT]
    assert answers[1][0] == {"RESP": b"in"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_b11_a_forked_child_makes_its_own_connection(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if not proxy._pyro.connected and proxy.add(20, 22) == 42 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert proxy.add(1, 2) == 3  # the parent's connection is as it was
    assert len(server.connects) == 2


def test_the_answer_to_a_call_as_it_came(proxy: Proxy) -> None:
    channel = proxy._pyro._channel
    answer = channel.answer("echo", ("as it came",), {})
    assert answer is not None
    assert answer.kind == RESULT
    assert b"as it came" in bytes(answer.payload)
