"""The public functions of naming."""

import time
from typing import Any

import pytest

from pyro_client import locate_ns, resolve, type_meta
from pyro_core.errors import NameServerNotFound
from pyro_core.settings import ClientSettings, Timeouts
from pyro_core.uri import URI

TARGET = URI("PYRO:target@localhost:4444")


def test_locate_ns_gives_a_connected_proxy(server: Any, settings: ClientSettings) -> None:
    with locate_ns(settings=settings) as ns:
        assert ns._pyro.connected
        assert ns.add(1, 2) == 3
        assert str(ns._pyro.uri) == f"PYRO:Pyro.NameServer@127.0.0.1:{server.port}"
        ns._pyro.release()
        assert ns.add(1, 2) == 3


def test_locate_ns_takes_an_address(server: Any) -> None:
    settings = ClientSettings(serializer="plain")
    with locate_ns("127.0.0.1", server.port, settings=settings) as ns:
        assert ns.add(1, 2) == 3


def test_e7_locate_ns_takes_a_unix_socket(unix_server: Any) -> None:
    settings = ClientSettings(serializer="plain")
    with locate_ns(f"./u:{unix_server.uri.sockname}", settings=settings) as ns:
        assert ns.add(1, 2) == 3


def test_e6_a_silent_name_server_does_not_hold_up_for_ever(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_greet", lambda peer, message: True)
    settings = ClientSettings(serializer="plain", timeouts=Timeouts(connect_s=0.15))
    began = time.monotonic()
    with pytest.raises(NameServerNotFound, match="timeout"):
        locate_ns("127.0.0.1", server.port, settings=settings)
    assert time.monotonic() - began < 1


def test_resolve_asks_the_name_server(server: Any, settings: ClientSettings) -> None:
    server.scripts["lookup"] = lambda peer, call: peer.reply(TARGET)
    assert resolve("PYRONAME:target", settings=settings) == TARGET
    assert resolve(URI(f"PYRONAME:target@127.0.0.1:{server.port}"), settings=settings) == TARGET


def test_resolve_gives_an_address_back() -> None:
    assert resolve(str(TARGET)) == TARGET


class Base:
    pass


class Derived(Base, dict):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize("thing", [Derived, Derived()])
def test_type_meta_lists_a_class_and_its_bases(thing: object) -> None:
    assert type_meta(thing) == {f"class:{__name__}.Derived", f"class:{__name__}.Base"}
    assert type_meta(thing, prefix="t:") == {f"t:{__name__}.Derived", f"t:{__name__}.Base"}
