"""A proxy is used as if it were the object itself. See ``docs/reference/client-chapter.md``."""

import threading
from collections.abc import Iterator

import pytest
from chapter_daemons import PATIENCE_S, MusicServer, serving

from pyro_client import Proxy
from pyro_core import traceback_text
from pyro_core.names import DAEMON_ID


@pytest.fixture(params=["threaded", "multiplex"])
def servertype(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def music() -> MusicServer:
    return MusicServer()


@pytest.fixture
def proxy(music: MusicServer, servertype: str) -> Iterator[Proxy]:
    with serving(music, "music", servertype=servertype) as uri, Proxy(uri) as proxy:
        yield proxy


def test_calls_return_values_and_raise_exceptions_as_local_ones_do(proxy: Proxy) -> None:
    assert proxy.load_playlist("90s rock") is None
    assert proxy.current_song() == "90s rock"
    assert proxy.echo(value=[1, "two", None]) == [1, "two", None]
    with pytest.raises(LookupError, match=r"^a playlist has a name$"):
        proxy.load_playlist(name="")
    assert proxy.current_song() == "90s rock"


def test_an_error_brings_the_remote_traceback(proxy: Proxy) -> None:
    with pytest.raises(LookupError) as caught:
        proxy.load_playlist("")
    assert "in load_playlist" in traceback_text(caught.value)


def test_exposed_attributes_are_read_and_written(proxy: Proxy, music: MusicServer) -> None:
    assert proxy.volume == 5
    proxy.volume = 11
    assert (music.volume, proxy.volume) == (11, 11)


@pytest.mark.parametrize("name", ["undefined", "playing", "_private", "told"])
def test_undefined_and_unexposed_attributes_are_attribute_errors(proxy: Proxy, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(proxy, name)
    with pytest.raises(AttributeError):
        setattr(proxy, "maker" if name == "undefined" else name.lstrip("_"), 1)


def test_hasattr_tells_what_the_object_offers(proxy: Proxy) -> None:
    offered = [name for name in ("current_song", "volume", "playing", "nothing_such") if hasattr(proxy, name)]
    assert offered == ["current_song", "volume"]


def test_the_daemon_tells_methods_attributes_and_oneways(proxy: Proxy) -> None:
    with Proxy(f"PYRO:{DAEMON_ID}@{proxy._pyro.uri.location}") as daemon:
        told = daemon.get_metadata("music")
    proxy._pyro.bind()
    known = proxy._pyro.metadata
    assert set(told["oneway"]) == known.oneway == {"tell"}
    assert set(told["attrs"]) == known.attrs == {"volume", "maker"}
    assert set(told["methods"]) == known.methods >= {"current_song", "tell"}


def test_calls_are_checked_here_without_a_round_trip(music: MusicServer) -> None:
    with serving(music) as uri, Proxy(uri) as proxy:
        proxy._pyro.bind()
        messages: list[int] = []
        proxy._pyro.on_response = lambda annotations, kind: messages.append(kind)
        with pytest.raises(AttributeError, match="current_song"):
            proxy.curent_song()
        assert messages == []
        assert proxy.current_song() == "nothing"
        assert len(messages) == 1


def test_a_oneway_call_gives_none_at_once(music: MusicServer) -> None:
    with serving(music) as uri, Proxy(uri) as proxy:
        assert proxy.tell() is None  # it would have to wait for the next line otherwise
        assert not music.told.is_set()
        proxy.permit()
        assert proxy.was_told()


def test_errors_of_oneway_calls_stay_at_the_server(proxy: Proxy) -> None:
    assert proxy.tell(problem=True) is None
    assert proxy.was_told()  # what happened is asked for with another call
    assert proxy.current_song() == "nothing"


def test_a_long_oneway_call_holds_up_no_other_call_of_its_client(music: MusicServer) -> None:
    with serving(music) as uri, Proxy(uri) as proxy:
        proxy.tell()
        assert proxy.current_song() == "nothing"
        assert not music.told.is_set()
        music.may_go_on.set()
        assert music.told.wait(PATIENCE_S)
        assert music.threads != [threading.get_ident()]


def test_which_methods_are_oneway_is_said_in_the_server(proxy: Proxy) -> None:
    assert proxy._pyro.oneway == set()
    proxy._pyro.bind()
    assert proxy._pyro.oneway == {"tell"}
