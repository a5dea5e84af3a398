import gc
import logging
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.errors import DaemonError, PluginError, PyroError
from pyro_core.metadata import Metadata
from pyro_core.settings import ServerSettings
from pyro_server import Daemon, current_call, expose


@expose
class Thing:
    def add(self, a: int, b: int) -> int:
        return a + b

    def stop(self) -> None:
        current_call().daemon.shutdown()

    def make(self, value: Any) -> Any:
        return value


class Money:
    def __init__(self, amount: int) -> None:
        self.amount = amount


def test_registering_gives_an_address_and_a_reference(make_daemon: Any) -> None:
    daemon = make_daemon(host="127.0.0.1")
    thing = Thing()
    uri = daemon.register(thing, "thing")
    assert str(uri) == f"PYRO:thing@{daemon.location}"
    assert daemon.uri_for(thing) == daemon.uri_for("thing") == uri
    assert daemon.uri_for("anything").object == "anything"
    assert daemon.ref_for(thing) == ObjectRef(uri, Metadata(methods=frozenset({"add", "stop", "make"})))
    assert daemon.ref_for("thing") == daemon.ref_for(thing)
    assert daemon.objects["thing"] is thing
    with pytest.raises(DaemonError, match="not registered"):
        daemon.uri_for(Thing())
    with pytest.raises(DaemonError, match="unknown object"):
        daemon.ref_for("nope")


def test_a_class_and_an_instance_of_it_answer_side_by_side(make_daemon: Any, caller: Any) -> None:
    """D1"""
    daemon = make_daemon()
    daemon.register(Thing, "class")
    daemon.register(Thing(), "instance")
    for name in ("class", "instance"):
        client = caller(daemon)
        client.connect(name)
        assert client.value(client.invoke("add", (1, 2), {}, object_id=name)) == 3


def test_an_object_that_is_unregistered_is_unknown_at_once(connect: Any) -> None:
    thing = Thing()
    client = connect(thing)
    assert client.call("add", 1, 2) == 3
    client.daemon.unregister(thing)
    with pytest.raises(DaemonError, match="unknown object"):
        client.call("add", 1, 2)


def test_a_weakly_registered_object_is_served_while_it_lives(connect: Any, make_daemon: Any) -> None:
    daemon = make_daemon()
    thing = Thing()
    daemon.register(thing, "thing", weak=True)
    client = connect(None, daemon)
    assert client.call("add", 1, 2) == 3
    assert daemon.objects["thing"] is thing
    del thing
    gc.collect()
    assert "thing" not in daemon.objects


def test_a_list_of_names_exposes_a_class_of_somebody_else(connect: Any, make_daemon: Any) -> None:
    """D2"""
    daemon = make_daemon()
    daemon.register([1, 2, 3], "thing", expose=["count", "append"])
    client = connect(None, daemon)
    client.call("append", 3)
    assert client.call("count", 3) == 2
    with pytest.raises(AttributeError):
        client.call("clear")


def test_an_object_that_exposes_nothing_is_worth_a_warning(
    make_daemon: Any, caplog: pytest.LogCaptureFixture
) -> None:
    make_daemon().register(object())
    assert "exposes nothing" in caplog.text


def test_settings_belong_to_one_daemon(make_daemon: Any) -> None:
    """D6"""
    settings = ServerSettings(streaming=False, port=0)
    daemon = make_daemon(settings=settings, serializers=["json"], servertype="multiplex", host="127.0.0.1")
    assert daemon.settings.serializers == ("json",)
    assert daemon.settings.servertype == "multiplex"
    assert not daemon.settings.streaming
    assert settings.serializers == ServerSettings().serializers
    assert make_daemon().settings.streaming


def test_the_environment_is_read_when_no_settings_are_given(
    make_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D11: it is read when a daemon is made, not on import; variables of others are left alone."""
    monkeypatch.setenv("PYRO_SERIALIZERS_ACCEPTED", "json")
    monkeypatch.setenv("PYRO_SOMETHING_ELSE", "whatever")
    assert make_daemon().settings.serializers == ("json",)


def test_rules_for_classes_belong_to_one_daemon(connect: Any, make_daemon: Any) -> None:
    """D5: neither another daemon nor the rules given are touched."""
    rules = ClassRules()
    rules.register_dict_to_class("Money", lambda tag, wire: Money(wire["amount"]))
    rich, poor = make_daemon(rules=rules), make_daemon()
    rich.rules.register_class_to_dict(Money, lambda money: {"__class__": "Cash", "amount": money.amount})
    assert rules.reference_of is None
    for daemon in (rich, poor):
        client = connect(Thing(), daemon)
        rules = client.serializer.codec.rules
        rules.register_class_to_dict(Money, lambda money: {"__class__": "Money", "amount": money.amount})
        rules.register_dict_to_class("Cash", lambda tag, wire: wire["amount"])
        if daemon is rich:
            assert client.call("make", Money(5)) == 5
        else:
            with pytest.raises(Exception, match="unsupported serialized class: Money"):
                client.call("make", Money(5))


def test_unknown_server_types_and_serializers_are_errors_at_once() -> None:
    with pytest.raises(PluginError, match="'threadde'"):
        Daemon(servertype="threadde")
    with pytest.raises(PluginError, match="'jsom'"):
        Daemon(serializers=("jsom",))


def test_a_closed_daemon_says_so(make_daemon: Any) -> None:
    daemon = make_daemon()
    daemon.close()
    daemon.close()
    for use in (daemon.start, daemon.request_loop, daemon.__enter__):
        with pytest.raises(PyroError, match="closed"):
            use()


def test_the_text_of_a_daemon_tells_where_it_is(make_daemon: Any) -> None:
    daemon = make_daemon()
    assert repr(daemon) == f"<Daemon at {daemon.location}; 1 objects>"
    assert daemon.nat_location is None
    assert make_daemon(nathost="pyro.example", natport=1).nat_location == "pyro.example:1"


def test_changed_classes_are_looked_at_again_when_told(connect: Any) -> None:
    @expose
    class Changing:
        def old(self) -> int:
            return 1

    thing = Changing()
    client = connect(thing)
    Changing.new = expose(lambda self: 2)  # type: ignore[attr-defined]
    client.daemon.forget_members(thing)
    assert client.call("new") == 2


def test_hooks_that_fail_are_logged_and_harm_nobody(
    connect: Any, make_daemon: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Daemon):
        def housekeeping(self) -> None:
            raise ValueError("housekeeping")

        def client_disconnect(self, connection: Any) -> None:
            raise ValueError("disconnect")

        def call_failed(self, call: Any, error: BaseException, *, unseen: bool) -> None:
            raise ValueError("call_failed")

    daemon = make_daemon(Failing)
    client = connect(Thing(), daemon)
    daemon._host.housekeeping()
    with pytest.raises(AttributeError):
        client.call("nope")
    client.close()
    for name in ("housekeeping", "disconnect", "call_failed"):
        assert f"ValueError: {name}" in caplog.text


def test_the_hook_for_failed_calls_gets_call_and_error(connect: Any, make_daemon: Any) -> None:
    seen: list[Any] = []

    class Watching(Daemon):
        def call_failed(self, call: Any, error: BaseException, *, unseen: bool) -> None:
            seen.append((call.object_id, call.method, type(error), unseen))

    client = connect(Thing(), make_daemon(Watching))
    with pytest.raises(TypeError):
        client.call("add")
    client.oneway("add")
    client.batch(("add", (), {}))
    assert seen == [
        ("thing", "add", TypeError, False),
        ("thing", "add", TypeError, True),
        ("thing", "<batch>", TypeError, False),
    ]


def test_housekeeping_ends_streams_even_if_the_hook_is_overridden(connect: Any, make_daemon: Any) -> None:
    class Busy(Daemon):
        def housekeeping(self) -> None:
            """Without calling the base class."""

    @expose
    class Streaming:
        def items(self) -> Any:
            return iter(range(3))

    daemon = make_daemon(Busy, settings=ServerSettings(stream_linger_s=1e-9))
    client = connect(Streaming(), daemon)
    client.invoke("items", (), {})
    client.close()
    daemon._host.housekeeping()
    assert len(daemon._host.streams) == 0


# ---- on a real socket


def served(sock: socket.socket) -> bytes:
    """The first bytes of what a daemon answers to nonsense."""
    sock.settimeout(10)
    sock.sendall(b"x" * 64)
    return sock.recv(6)


def dial(daemon: Daemon) -> socket.socket:
    host, _, port = daemon.location.rpartition(":")
    return socket.create_connection((host, int(port)), 10)


def test_a_background_daemon_serves_until_it_is_closed() -> None:
    with Daemon() as daemon:
        assert daemon.start() is daemon
        assert daemon.start() is daemon
        names = [thread.name for thread in threading.enumerate()]
        assert f"pyro-daemon {daemon.location}" in names
        with dial(daemon) as sock:
            assert served(sock) == b"PYRO\x01\xf6"
        with pytest.raises(PyroError, match="serves already"):
            daemon.request_loop()
        thread = daemon._thread
    assert thread is not None
    assert not thread.is_alive()
    with pytest.raises(OSError):
        dial(daemon)


@pytest.mark.parametrize("servertype", ["threaded", "multiplex"])
def test_the_loop_ends_when_told_from_elsewhere_or_by_its_condition(servertype: str) -> None:
    with Daemon(servertype=servertype) as daemon:
        answers = iter([True, False])
        threading.Thread(target=daemon._transport._wakeup.wake).start()
        daemon.request_loop(lambda: next(answers, False))
    with Daemon(servertype=servertype) as daemon:
        threading.Timer(0.01, daemon.shutdown).start()
        daemon.request_loop()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_the_file_of_a_unix_socket_goes_with_the_daemon(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.sock")
    for _ in range(2):
        with Daemon(unixsocket=path):
            assert os.path.exists(path)
        assert not os.path.exists(path)


def test_importing_the_server_configures_no_logging() -> None:
    """D11"""
    assert logging.getLogger("pyro_server").handlers == []
    assert logging.getLogger("pyro_server").level == logging.NOTSET
