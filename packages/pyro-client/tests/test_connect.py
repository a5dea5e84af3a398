"""The handshake, step by step, without a socket; and against a server that speaks one version only."""

from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_client.peer_versions import PeerVersions
from pyro_client.plans.connect import Connection, connect
from pyro_client.profile import Profile
from pyro_core import plans
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    ConnectionRejected,
    ProtocolError,
    TimeoutError,
)
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import CONNECT_FAIL, RESULT

THING = URI("PYRO:thing@host:1")


class Wire:
    """Performs the steps of a plan: gives canned bytes and records the rest."""

    def __init__(self, *received: bytes | Exception) -> None:
        self.received = list(received)
        self.sent: list[bytes] = []
        self.opened: list[URI] = []
        self.closed: list[int] = []

    def __call__(self, step: plans.Step) -> Any:
        match step:
            case plans.Open():
                self.opened.append(step.uri)
                return len(self.opened)
            case plans.Send():
                self.sent.append(step.data)
            case plans.Receive():
                answer = self.received.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer
            case plans.Close():
                self.closed.append(step.link)
        return None


@pytest.fixture
def profile() -> Profile:
    return Profile(THING, ClientSettings(serializer="plain"), peers=PeerVersions())


@pytest.fixture
def own_peers(monkeypatch: pytest.MonkeyPatch) -> PeerVersions:
    peers = PeerVersions()
    monkeypatch.setattr("pyro_client.peer_versions.SHARED", peers)
    return peers


def run(profile: Profile, wire: Callable[[plans.Step], Any]) -> Connection:
    return plans.drive(connect(THING, profile), wire)


def refusal(version: int) -> bytes:
    codec = codec_for(version)
    return codec.pack(CONNECT_FAIL, codec.MARSHAL_ID, 0, b"\xfa\x03bad")


@pytest.mark.parametrize("speaks", [48, 502])
@pytest.mark.parametrize("meta", [True, False])
def test_the_version_is_found_out_and_remembered(
    server: Any, settings: ClientSettings, own_peers: PeerVersions, speaks: int, meta: bool
) -> None:
    server.speaks = speaks
    if not meta:
        server.metadata = None
        answer = {"methods": ["add"], "oneway": [], "attrs": []}
        server.scripts["get_metadata"] = lambda peer, call: peer.reply(answer)
    with Proxy(server.uri, settings=settings) as proxy:
        assert proxy.add(2, 3) == 5
        assert proxy._pyro.version == speaks
        proxy._pyro.release()
        assert proxy.add(2, 3) == 5
    expected = [502, 48, 48] if speaks == 48 else [502, 502]
    assert [message.version for message in server.connects] == expected
    assert own_peers.get(server.uri.location) == speaks


def test_a_server_that_became_modern_is_noticed(
    server: Any, settings: ClientSettings, own_peers: PeerVersions
) -> None:
    own_peers.remember(server.uri.location, 48)
    server.speaks = 502
    with Proxy(server.uri, settings=settings) as proxy:
        assert proxy.add(2, 3) == 5
    assert own_peers.get(server.uri.location) == 502


def test_a_server_that_refuses_both_versions_is_an_error_and_both_links_are_closed(profile: Profile) -> None:
    wire = Wire(refusal(48), refusal(502))
    with pytest.raises(ProtocolError, match="refuses protocol 502 and protocol 48"):
        run(profile, wire)
    assert wire.closed == [1, 2]
    assert profile.peers.get("host:1") == 502


@pytest.mark.parametrize("in_clients_serializer", [True, False])
@pytest.mark.parametrize("speaks", [48, 502])
def test_the_servers_reason_is_told(
    server: Any, settings: ClientSettings, own_peers: PeerVersions, in_clients_serializer: bool, speaks: int
) -> None:
    server.speaks = speaks
    server.refusal = "no free workers, increase server threadpool size"
    server.refuse_in_clients_serializer = in_clients_serializer
    with pytest.raises(ConnectionRejected, match="no free workers") as caught:
        Proxy(server.uri, settings=settings)._pyro.bind()
    assert caught.value.reason == server.refusal
    assert caught.value.peer == server.uri.location


def test_an_object_that_is_unknown_is_named(server: Any, settings: ClientSettings) -> None:
    server.refusal = "unknown object"
    with pytest.raises(
        ConnectionRejected, match=f"unknown object '{URI(server.uri).object}'; a name in a name"
    ):
        Proxy(server.uri, settings=settings)._pyro.bind()


@pytest.mark.parametrize(
    ("serializer_id", "payload", "text"),
    [(2, b"{\x00", "cannot be read"), (200, b"{", "cannot be read"), (3, b'"why"', "not asked for")],
)
def test_a_reason_that_cannot_be_read_is_still_a_refusal(
    profile: Profile, serializer_id: int, payload: bytes, text: str
) -> None:
    answer = codec_for(502).pack(CONNECT_FAIL, serializer_id, 0, payload)
    wire = Wire(answer)
    with pytest.raises(ConnectionRejected, match=text):
        run(profile, wire)
    assert wire.closed == [1]


def test_a_server_that_just_closes_is_safe_to_retry(profile: Profile) -> None:
    wire = Wire(b"")
    with pytest.raises(ConnectionClosedError, match="during the handshake") as caught:
        run(profile, wire)
    assert caught.value.retry_safe
    assert wire.closed == [1]


@pytest.mark.parametrize("problem", [TimeoutError("late"), ConnectionClosedError("gone")])
def test_a_failing_step_closes_the_link(profile: Profile, problem: CommunicationError) -> None:
    wire = Wire(problem)
    with pytest.raises(CommunicationError):
        run(profile, wire)
    assert wire.closed == [1]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\nServer: something else altogether\r\n\r\n", id="http"),
        pytest.param(codec_for(502).pack(RESULT, 200, 0, b"1"), id="result"),
        pytest.param(codec_for(502).pack(2, 7, 0, b"1"), id="accepted in another serializer"),
        pytest.param(codec_for(502).pack(2, 200, 0, b"1"), id="no dict"),
        pytest.param(codec_for(502).pack(2, 200, 0, b"{'meta': 3}"), id="no metadata"),
    ],
)
def test_nonsense_instead_of_a_welcome_is_a_protocol_error(profile: Profile, answer: bytes) -> None:
    wire = Wire(answer)
    with pytest.raises(ProtocolError):
        run(profile, wire)
    assert wire.closed == [1]


def test_a_plan_that_is_thrown_away_ends_quietly(profile: Profile) -> None:
    plan = connect(THING, profile)
    assert next(plan) == plans.Open(THING)
    plan.send("link")
    plan.close()


def test_the_handshake_offers_extras(server: Any, settings: ClientSettings) -> None:
    with Proxy(server.uri, settings=settings) as proxy:
        proxy._pyro.bind()
    assert server.connects[0].annotations["PYRX"].startswith(b"1")


def test_a_welcome_in_pieces_is_understood(server: Any, settings: ClientSettings, monkeypatch: Any) -> None:
    monkeypatch.setattr("pyro_client.run_sync.RECEIVE_BYTES", 7)
    with Proxy(server.uri, settings=settings) as proxy:
        assert proxy.add(2, 3) == 5
