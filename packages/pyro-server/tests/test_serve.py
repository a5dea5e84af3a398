import signal
import threading
from typing import Any, Self

import pytest

from pyro_core import plugins
from pyro_core.errors import NameServerNotFound, PluginError
from pyro_core.metadata import Metadata
from pyro_core.uri import URI
from pyro_server import Daemon, expose, serve


@expose
class Thing:
    def add(self, a: int, b: int) -> int:
        return a + b


class Names:
    """Stands for the proxy of a name server."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.log: list[str] = []
        self.failure: Exception | None = None

        self._pyro = self
        self.uri = URI("PYRO:Pyro.NameServer@localhost:9090")
        self.timeout_s: float | None = None

    def known_metadata(self) -> Metadata:
        """That of a stock name server."""
        return Metadata(frozenset({"register", "list", "remove"}))

    def release(self) -> None: ...

    def __call__(self) -> Self:
        if self.failure is not None:
            raise self.failure
        return self

    def register(self, name: str, uri: str) -> None:
        self.log.append(f"register {name}")
        self.names[name] = uri

    def list(self, prefix: str) -> dict[str, str]:
        return {name: uri for name, uri in self.names.items() if name.startswith(prefix)}

    def remove(self, name: str) -> None:
        self.log.append(f"remove {name}")
        del self.names[name]


class Brief(Daemon):
    """Stops as soon as it serves."""

    served = 0
    before_stop: Any = None

    def request_loop(self, running: Any = lambda: True) -> None:
        self.served += 1
        if self.before_stop is not None:
            self.before_stop()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    registry = plugins.Registry("pyro.references", {})
    registry.register("nameserver", names)
    monkeypatch.setattr(plugins, "references", lambda: registry)
    return names


def test_names_are_registered_while_serving_and_removed_afterwards(
    make_daemon: Any, names: Names, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = make_daemon(Brief)
    thing, anonymous = Thing(), Thing()
    seen: dict[str, str] = {}
    daemon.before_stop = lambda: seen.update(names.names)
    serve({thing: "example.thing", anonymous: None, Thing: "example.class"}, daemon=daemon)
    assert seen == {
        "example.thing": str(daemon.uri_for(thing)),
        "example.class": str(daemon.uri_for(Thing)),
    }
    assert names.names == {}
    assert daemon.served == 1
    printed = capsys.readouterr().out
    assert f"    uri = {daemon.uri_for(thing)}\n    name = example.thing\n" in printed
    assert f"    uri = {daemon.uri_for(anonymous)}\n    name = None\n" in printed
    assert printed.endswith("Pyro daemon running.\n")


def test_a_name_that_somebody_else_took_over_is_left_to_them(make_daemon: Any, names: Names) -> None:
    daemon = make_daemon(Brief)
    daemon.before_stop = lambda: names.names.update({"mine": "PYRO:other@localhost:1"})
    serve({Thing(): "mine"}, daemon=daemon, verbose=False)
    assert names.names == {"mine": "PYRO:other@localhost:1"}


def test_a_name_server_that_is_gone_at_the_end_is_no_error(
    make_daemon: Any, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = make_daemon(Brief)
    daemon.before_stop = lambda: setattr(
        names, "failure", NameServerNotFound([("localhost:9090", "refused")])
    )
    serve({Thing(): "mine"}, daemon=daemon, verbose=False)
    assert "names stay registered" in caplog.text


def test_a_name_server_that_is_not_there_at_the_start_is_an_error(make_daemon: Any, names: Names) -> None:
    daemon = make_daemon(Brief)
    names.failure = NameServerNotFound([("localhost:9090", "refused")])
    with pytest.raises(NameServerNotFound, match="localhost:9090: refused"):
        serve({Thing(): "mine"}, daemon=daemon, verbose=False)
    assert daemon.served == 0


def test_without_the_client_package_the_error_tells_what_to_install(
    make_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = plugins.Registry("pyro.references", {"nameserver": "pyro_not_there.naming:locate_ns"})
    monkeypatch.setattr(plugins, "references", lambda: registry)
    with pytest.raises(PluginError, match="pip install pyro-not-there"):
        serve({Thing(): "mine"}, daemon=make_daemon(Brief), verbose=False)


def test_without_a_name_server_the_names_are_ids(
    make_daemon: Any, names: Names, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = make_daemon(Brief)
    serve([(Thing(), "mine"), (Thing(), None)], daemon=daemon, use_ns=False, verbose=False)
    assert "mine" in daemon.objects
    assert len(daemon.objects) == 3
    assert names.log == []
    assert capsys.readouterr().out == ""


def test_what_is_registered_already_keeps_its_id(make_daemon: Any, names: Names) -> None:
    daemon = make_daemon(Brief)
    thing = Thing()
    uri = daemon.register(thing, "fixed.id")
    seen: list[str] = []
    daemon.before_stop = lambda: seen.append(names.names["mine"])
    serve({thing: "mine"}, daemon=daemon, verbose=False)
    assert seen == [str(uri)]


def test_a_daemon_of_its_own_is_made_and_closed() -> None:
    made: list[Daemon] = []

    original = Daemon.request_loop

    def loop(self: Daemon, running: Any = lambda: True) -> None:
        made.append(self)
        threading.Timer(0.01, self.shutdown).start()
        original(self, running)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Daemon, "request_loop", loop)
        serve({Thing(): None}, host="127.0.0.1", port=0, use_ns=False, verbose=False)
    (daemon,) = made
    assert daemon.location.startswith("127.0.0.1:")
    assert daemon._closed


def test_ctrl_c_right_after_it_was_told_that_the_daemon_runs_stops_politely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    def tell(text: str, **_options: object) -> None:
        told.append(text)
        if "running" in text:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("builtins.print", tell)
    serve({}, host="127.0.0.1", use_ns=False)
    assert told == ["Pyro daemon running."]
