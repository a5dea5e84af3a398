"""What a proxy is, apart from its connection."""

import pytest

from pyro_client.peer_versions import PeerVersions
from pyro_client.profile import Profile
from pyro_core import context
from pyro_core.errors import ProtocolError, SerializeError, SettingsError
from pyro_core.metadata import Metadata
from pyro_core.settings import ClientSettings, Timeouts
from pyro_core.uri import URI

THING = URI("PYRO:thing@host:1")


@pytest.fixture
def profile() -> Profile:
    settings = ClientSettings(serializer="plain", max_retries=2, timeouts=Timeouts(call_s=7))
    return Profile(THING, settings, peers=PeerVersions())


def test_timeouts_and_retries_come_from_the_settings(profile: Profile) -> None:
    assert (profile.timeout_s, profile.max_retries, profile.serializer) == (7, 2, "plain")


def test_without_settings_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_SERIALIZER", "json")
    monkeypatch.setenv("PYRO_COMMTIMEOUT", "2.5")
    profile = Profile(THING)
    assert (profile.serializer, profile.timeout_s) == ("json", 2.5)
    monkeypatch.setenv("PYRO_COMMTIMEOUT", "soon")
    with pytest.raises(SettingsError, match="PYRO_COMMTIMEOUT"):
        Profile(THING)


def test_oneway_names_added_by_the_user_survive_new_metadata(profile: Profile) -> None:
    profile.learn(Metadata(frozenset({"a", "b"}), frozenset({"a"})))
    profile.oneway.add("mine")
    profile.learn(Metadata(frozenset({"a", "b"}), frozenset({"b"})))
    assert profile.oneway == {"b", "mine"}
    assert profile.offers("mine")
    assert not profile.offers("c")


def test_a_copy_is_independent(profile: Profile) -> None:
    profile.learn(Metadata(frozenset({"a"}), frozenset({"a"})))
    twin = profile.copy()
    twin.oneway.clear()
    twin.handshake = "other"
    assert profile.oneway == {"a"}
    assert profile.handshake == "hello"
    assert twin.metadata == profile.metadata
    assert twin.rules is profile.rules


def test_the_first_version_is_one_that_the_serializer_knows(profile: Profile) -> None:
    assert profile.first_version("host:1") == 502
    profile.peers.remember("host:1", 48)
    assert profile.first_version("host:1") == 48
    profile.chosen_serializer = "modern"
    assert profile.first_version("host:1") == 502


def test_serializers_are_made_once_per_version(profile: Profile) -> None:
    assert profile.serializer_for(502) is profile.serializer_for(502)
    assert profile.serializer_for(48).codec.version == 48
    profile.chosen_serializer = "modern"
    with pytest.raises(SerializeError, match="protocol 48"):
        profile.serializer_for(48)


def test_the_object_id_is_that_of_the_resolved_address() -> None:
    profile = Profile(URI("PYRONAME:shop"), ClientSettings())
    assert profile.object_id == "shop"
    profile.resolved_uri = THING
    assert profile.object_id == "thing"
    assert profile.reference().uri == THING
    assert Profile(URI("PYROMETA:b,a"), ClientSettings()).object_id == "a,b"


def test_hook_annotations_join_those_of_the_block(profile: Profile) -> None:
    profile.annotations = lambda: {"HOOK": b"1"}
    with context.outgoing({"TEST": b"2"}):
        assert profile.request_extras() == ({"HOOK": b"1", "TEST": b"2"}, None)
    profile.annotations = lambda: {"CORR": b"x"}
    with pytest.raises(ProtocolError, match="belongs to the system"):
        profile.request_extras()
