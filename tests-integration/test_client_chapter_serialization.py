"""Serializers, and classes of one's own. See ``docs/reference/client-chapter.md``."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from chapter_daemons import serving

from pyro_client import (
    URI,
    AsyncProxy,
    ClientSettings,
    CommunicationError,
    NamingError,
    Proxy,
    SerializeError,
    locate_ns,
)
from pyro_core.convert import ClassRules
from pyro_core.settings import ServerSettings
from pyro_nameserver import start_ns
from pyro_server import current_call, expose

ALL = ["serpent", "json", "marshal", "msgpack", "pickle", "cloudpickle", "dill"]
UNSAFE = ["marshal", "pickle", "cloudpickle", "dill"]
VALUE = {"a": [1, 2.5, "drei", None, True]}


class Song:
    """A class of the program's own."""

    def __init__(self, title: str) -> None:
        self.title = title


@expose
class Post:
    def received_with(self) -> str:
        return current_call().serializer

    def echo(self, value: Any) -> Any:
        return value

    def kind_of(self, value: Any) -> str:
        return type(value).__name__

    def make(self) -> Any:
        return Song("a song")

    def object_of(self, proxy: Any) -> str:
        return str(proxy._pyro.uri.object)


@pytest.fixture
def uri() -> Iterator[URI]:
    with serving(Post(), "post", serializers=tuple(ALL)) as uri:
        yield uri


def with_serializer(name: str) -> ClientSettings:
    return ClientSettings(serializer=name)


@pytest.mark.parametrize("name", ALL)
def test_the_serializer_is_chosen_by_its_name_in_the_settings(uri: URI, name: str) -> None:
    with Proxy(uri, settings=with_serializer(name)) as proxy:
        assert proxy.received_with() == name
        assert proxy.echo(VALUE) == VALUE


@pytest.mark.parametrize("name", ALL)
def test_the_answer_uses_the_serializer_of_the_request(name: str) -> None:
    # A client that loads nothing else could not read any other.
    with serving(Post(), serializers=(*ALL[::-1],)) as uri, Proxy(uri) as proxy:
        proxy._pyro.serializer = name
        assert proxy.echo(VALUE) == VALUE
        connection = proxy._pyro.connection
        assert connection is not None
        assert proxy._pyro.serializer == proxy.received_with() == name


def test_serpent_is_what_you_get_if_you_choose_nothing(uri: URI) -> None:
    with Proxy(uri, settings=ClientSettings()) as proxy:
        assert proxy.received_with() == "serpent"


def test_one_proxy_can_use_another_serializer_than_the_rest(uri: URI) -> None:
    settings = with_serializer("serpent")
    with Proxy(uri, settings=settings) as usual, Proxy(uri, settings=settings) as other:
        other._pyro.serializer = "json"
        assert (usual.received_with(), other.received_with()) == ("serpent", "json")


@pytest.mark.parametrize("name", UNSAFE)
def test_a_server_takes_only_safe_serializers_unless_told_otherwise(name: str) -> None:
    with serving(Post()) as uri, Proxy(uri, settings=with_serializer(name)) as proxy:
        with pytest.raises(CommunicationError, match=f"serializer that is not accepted: .* is '{name}'"):
            proxy.echo(1)
        proxy._pyro.serializer = "serpent"
        assert proxy.echo(1) == 1


def test_both_sides_can_be_told_from_the_environment_to_use_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_SERIALIZER", "pickle")
    monkeypatch.setenv("PYRO_SERIALIZERS_ACCEPTED", "serpent,pickle")
    accepted = ServerSettings.from_environ().serializers
    with serving(Post(), serializers=accepted) as uri, Proxy(uri) as proxy:
        assert proxy.received_with() == "pickle"
        assert proxy.echo({("any", "key"): {1, 2}}) == {("any", "key"): {1, 2}}


def test_a_name_server_can_be_told_to_accept_pickle() -> None:
    told = ServerSettings(serializers=("serpent", "pickle"))
    settings = with_serializer("pickle")
    with (
        start_ns("127.0.0.1", 0, server_settings=told) as nameserver,
        locate_ns("127.0.0.1", nameserver.uri.port, settings=settings) as names,
    ):
        names.register("one", "PYRO:x@h:1")
        assert list(names.list(prefix="one")) == ["one"]
    with (
        start_ns("127.0.0.1", 0) as nameserver,
        pytest.raises(NamingError, match="not accepted"),
    ):
        locate_ns("127.0.0.1", nameserver.uri.port, broadcast=False, settings=settings)


def test_instances_of_unknown_classes_are_not_rebuilt(uri: URI) -> None:
    with Proxy(uri) as proxy:
        with pytest.raises(SerializeError, match="Song"):
            proxy.make()
        assert proxy.echo(1) == 1  # the connection lives


def test_addresses_and_proxies_arrive_as_what_they_are(uri: URI) -> None:
    for name in ("serpent", "json", "msgpack"):
        with Proxy(uri, settings=with_serializer(name)) as proxy:
            assert proxy.kind_of(uri) == "URI"
            assert proxy.echo(uri) == uri
            assert proxy.kind_of(proxy) == "Proxy"
            assert proxy.object_of(proxy) == "post"
            with proxy.echo(proxy) as back:
                assert back.echo(3) == 3


def test_hooks_turn_classes_into_dicts_and_back_until_they_are_taken_away() -> None:
    rules = ClassRules()
    rules.register_class_to_dict(Song, lambda song: {"__class__": "songs.Song", "title": song.title})
    rules.register_dict_to_class("songs.Song", lambda tag, wire: Song(wire["title"]))
    with serving(Post(), rules=rules) as uri:
        with Proxy(uri, rules=rules) as proxy:
            assert proxy.kind_of(Song("one")) == "Song"
            assert [song.title for song in proxy.echo([Song("one"), proxy.make()])] == ["one", "a song"]
        rules.unregister_class_to_dict(Song)
        with Proxy(uri, rules=rules) as sending, pytest.raises(SerializeError, match="Song"):
            sending.kind_of(Song("one"))
        rules.unregister_dict_to_class("songs.Song")
        with Proxy(uri, rules=rules) as receiving, pytest.raises(SerializeError, match=r"songs\.Song"):
            receiving.make()


def test_d5_proxies_that_were_given_the_same_rules_do_not_change_them() -> None:
    rules = ClassRules()
    with serving(Post(), rules=rules) as uri:
        with Proxy(uri, rules=rules) as proxy, proxy.echo(proxy) as back:
            assert type(back) is Proxy
            proxy._pyro.rules.register_class_to_dict(Song, lambda song: {"title": song.title})

        async def story() -> None:
            async with AsyncProxy(uri, rules=rules) as proxy:
                back = await proxy.echo(proxy)
                assert type(back) is AsyncProxy
                with pytest.raises(SerializeError):
                    await proxy.echo(Song("no rule for it"))

        asyncio.run(story())
    assert rules.revive is None


def test_pickle_needs_no_hooks(uri: URI) -> None:
    with Proxy(uri, settings=with_serializer("cloudpickle")) as proxy:
        assert proxy.make().title == "a song"
        assert proxy.echo(Song("another")).title == "another"
