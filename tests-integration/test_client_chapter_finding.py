"""Finding objects: by address, by name, by tags. See ``docs/reference/client-chapter.md``."""

from collections.abc import Iterator

import pytest
from chapter_daemons import MusicServer, serving

from pyro_client import URI, ClientSettings, NamingError, Proxy, locate_ns, resolve
from pyro_nameserver import NameServer, start_ns


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with start_ns("127.0.0.1", 0) as nameserver:
        yield nameserver


@pytest.fixture
def settings(nameserver: NameServer) -> ClientSettings:
    return ClientSettings(ns_host="127.0.0.1", ns_port=nameserver.uri.port or 0)


def test_an_address_as_text_or_uri_is_all_it_takes() -> None:
    with serving(MusicServer(), "musicserver") as uri:
        text = f"PYRO:musicserver@127.0.0.1:{uri.port}"
        for address in (text, URI(text)):
            with Proxy(address) as proxy:
                assert proxy.current_song() == "nothing"


def test_a_name_can_be_looked_up_by_hand(settings: ClientSettings) -> None:
    with serving(MusicServer()) as uri, locate_ns(settings=settings) as names:
        names.register("musicserver", uri)
        found = names.lookup("musicserver")
        assert found == uri
        with Proxy(found) as proxy:
            assert proxy.current_song() == "nothing"


@pytest.mark.parametrize("make", [str, URI])
def test_a_name_can_stand_wherever_an_address_can(make: type, settings: ClientSettings) -> None:
    with serving(MusicServer()) as uri, locate_ns(settings=settings) as names:
        names.register("musicserver", uri)
        named = make("PYRONAME:musicserver")
        assert resolve(named, settings=settings) == uri
        with Proxy(named, settings=settings) as proxy:
            assert proxy.current_song() == "nothing"


def test_a_name_is_looked_up_anew_for_each_connection(settings: ClientSettings) -> None:
    one, other = MusicServer(), MusicServer()
    other.playing = "jazz"
    with (
        serving(one) as here,
        serving(other) as there,
        locate_ns(settings=settings) as names,
        Proxy("PYRONAME:musicserver", settings=settings) as proxy,
    ):
        names.register("musicserver", here)
        assert proxy.current_song() == "nothing"
        names.register("musicserver", there)
        proxy._pyro.release()
        assert proxy.current_song() == "jazz"


def test_tags_find_one_of_the_objects_that_have_them_all(settings: ClientSettings) -> None:
    with serving(MusicServer()) as uri, locate_ns(settings=settings) as names:
        names.register("loud", uri, metadata={"music", "loud"})
        names.register("quiet", "PYRO:nobody@127.0.0.1:1", metadata={"music", "quiet"})
        with Proxy("PYROMETA:music,loud", settings=settings) as proxy:
            assert proxy.current_song() == "nothing"
        found = {resolve("PYROMETA:music", settings=settings) for _ in range(100)}
        assert found == {uri, URI("PYRO:nobody@127.0.0.1:1")}  # each of them sooner or later
        with pytest.raises(NamingError):
            resolve("PYROMETA:music,green", settings=settings)
