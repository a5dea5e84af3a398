"""Programs for Pyro4, in small."""

import builtins
import copy
import gc
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors, message, util


@Pyro4.expose
class Thing:
    def __init__(self) -> None:
        self._value = 3

    def add(self, a: int, b: int) -> int:
        return a + b

    def fail(self) -> None:
        raise ValueError("as asked")

    def numbers(self) -> Iterator[int]:
        yield from (1, 2, 3)

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value

    def answer_with_annotations(self) -> list[str]:
        Pyro4.current_context.response_annotations = {"RESP": b"here"}
        return sorted(Pyro4.current_context.annotations)

    def correlation(self) -> str:
        return str(Pyro4.current_context.correlation_id)

    def annotated_numbers(self) -> Iterator[int]:
        for number in (1, 2):
            Pyro4.current_context.response_annotations = {"NUMB": bytes([number])}
            yield number

    @Pyro4.oneway
    def tell(self) -> None:
        raise ValueError("nobody hears of this")


class Undecorated:
    def hello(self) -> str:
        return "hello"


@pytest.fixture
def proxy(daemon: Pyro4.Daemon) -> Iterator[Any]:
    with Pyro4.Proxy(daemon.register(Thing(), "thing")) as proxy:
        yield proxy


def test_calls_attributes_streams_and_errors(proxy: Any) -> None:
    assert proxy.add(2, b=3) == 5
    proxy.value = 4
    assert proxy.value == 4
    assert list(proxy.numbers()) == [1, 2, 3]
    assert proxy.tell() is None
    with pytest.raises(ValueError, match="as asked"):
        proxy.fail()
    with pytest.raises(AttributeError, match="has no exposed attribute or method 'nothing'"):
        proxy.nothing()


def test_batches(proxy: Any) -> None:
    batch = Pyro4.batch(proxy)
    batch.add(1, 2)
    batch.fail()
    batch.add(3, 4)
    results = batch()
    assert next(results) == 3
    with pytest.raises(ValueError, match="as asked"):
        next(results)
    batch.add(5, 6)
    assert list(batch(asynchronous=True).value) == [11]


def test_asynchronous_calls_and_chains(proxy: Any) -> None:
    Pyro4.asyncproxy(proxy)
    handled: list[BaseException] = []
    assert proxy.add(1, 2).then(lambda value: value * 10).value == 30
    failing = proxy.fail().iferror(handled.append)
    with pytest.raises(ValueError, match="as asked"):
        _ = failing.value
    assert [type(error) for error in handled] == [ValueError]


def test_futures_of_functions() -> None:
    future = Pyro4.Future(pow).then(str)
    assert future(2, 5).value == "32"
    with pytest.raises(RuntimeError, match="already been evaluated"):
        future(2, 5)
    later = Pyro4.Future(print)
    later.delay(60)
    assert later.cancel()
    with pytest.raises(RuntimeError, match="cancelled"):
        later("not printed")


def test_annotations_are_for_one_call(proxy: Any) -> None:
    Pyro4.current_context.annotations = {"ASKS": b"x"}
    assert proxy.answer_with_annotations() == ["ASKS"]
    assert bytes(Pyro4.current_context.response_annotations["RESP"]) == b"here"
    assert proxy.answer_with_annotations() == []


def test_annotations_of_an_answer_are_those_of_the_last_call(proxy: Any) -> None:
    proxy.answer_with_annotations()
    assert Pyro4.current_context.response_annotations == {"RESP": b"here"}
    proxy.tell()
    assert Pyro4.current_context.response_annotations == {}


def test_each_item_of_a_stream_brings_its_annotations(proxy: Any) -> None:
    for number in proxy.annotated_numbers():
        assert Pyro4.current_context.response_annotations == {"NUMB": bytes([number])}


def test_a_lost_connection_is_an_error_unless_retries_are_allowed(proxy: Any) -> None:
    proxy.add(1, 1)
    proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(errors.ConnectionClosedError):
        proxy.add(1, 2)
    assert proxy.add(1, 2) == 3
    proxy._pyroMaxRetries = 1
    proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
    assert proxy.add(1, 2) == 3


def test_the_correlation_id_goes_along(proxy: Any) -> None:
    known = Pyro4.current_context.correlation_id = uuid.uuid4()
    try:
        assert proxy.correlation() == str(known)
    finally:
        Pyro4.current_context.correlation_id = None


def test_undecorated_classes_work_if_configured(daemon: Pyro4.Daemon) -> None:
    uri = daemon.register(Undecorated())
    with Pyro4.Proxy(uri) as proxy, pytest.raises(errors.PyroError, match="doesn't expose any"):
        proxy.hello()
    Pyro4.config.REQUIRE_EXPOSE = False
    with Pyro4.Proxy(uri) as proxy:
        assert proxy.hello() == "hello"


def test_registered_objects_arrive_as_proxies(daemon: Pyro4.Daemon) -> None:
    class Factory:
        @Pyro4.expose
        def make(self) -> Thing:
            thing = Thing()
            daemon.register(thing)
            return thing

    with Pyro4.Proxy(daemon.register(Factory())) as factory, factory.make() as thing:
        assert isinstance(thing, Pyro4.Proxy)
        assert thing.add(1, 1) == 2


def test_hooks(daemon: Pyro4.Daemon) -> None:
    gone = threading.Event()
    said: list[Any] = []

    class Careful(Pyro4.Daemon):
        def validateHandshake(self, conn: Any, data: Any) -> Any:
            said.append(data)
            if data != "please":
                raise ValueError("say please")
            return "welcome"

        def clientDisconnect(self, conn: Any) -> None:
            gone.set()

    careful = Careful()
    thread = threading.Thread(target=careful.requestLoop, daemon=True)
    thread.start()
    uri = careful.register(Thing())
    with pytest.raises(errors.CommunicationError, match="rejected: say please"), Pyro4.Proxy(uri) as proxy:
        proxy._pyroBind()
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHandshake = "please"
        assert proxy.add(1, 1) == 2
    assert gone.wait(10)
    assert said == ["hello", "please"]
    careful.shutdown()
    thread.join(10)


def test_errors_are_those_of_pyro4_and_of_the_packages_below() -> None:
    from pyro_core import errors as native

    assert issubclass(errors.SerializeError, errors.ProtocolError | native.SerializeError)
    assert issubclass(errors.MessageTooLargeError, errors.ProtocolError)
    assert issubclass(errors.TimeoutError, errors.CommunicationError)
    with Pyro4.Proxy("PYRO:nobody@localhost:1") as proxy, pytest.raises(errors.CommunicationError):
        proxy.anything()
    with pytest.raises(errors.PyroError, match="invalid uri"):
        Pyro4.URI("PYRO:nobody")


def test_a_shared_key_is_needed_on_both_sides(daemon: Pyro4.Daemon) -> None:
    daemon._pyroHmacKey = "secret"  # type: ignore[assignment]
    uri = daemon.register(Thing())
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHmacKey = b"secret"
        assert proxy.add(1, 1) == 2
    for wrong in (None, b"other"):
        with Pyro4.Proxy(uri) as proxy, pytest.raises(errors.PyroError, match="hmac"):
            proxy._pyroHmacKey = wrong
            proxy.add(1, 1)


def test_a_numeric_address_is_used_whatever_version_is_preferred() -> None:
    try:
        daemon = Pyro4.Daemon(host="::1")
    except errors.CommunicationError:
        pytest.skip("this machine has no IPv6")
    thread = threading.Thread(target=daemon.requestLoop, daemon=True)
    thread.start()
    with Pyro4.Proxy(daemon.register(Thing())) as proxy:
        assert proxy._pyroUri.host == "::1"
        assert proxy.add(1, 1) == 2
    daemon.shutdown()
    thread.join(10)


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("serializer", ["serpent", "json"])
def test_answers_may_stay_serialized(daemon: Pyro4.Daemon, serializer: str, compression: bool) -> None:
    Pyro4.config.SERIALIZER = serializer
    Pyro4.config.COMPRESSION = compression
    with Pyro4.Proxy(daemon.register(Thing(), "thing")) as original:
        original._pyroRawWireResponse = True
        with copy.copy(original) as proxy:
            serializers = util.get_serializer(serializer)
            Pyro4.current_context.correlation_id = known = uuid.uuid4()
            answer = proxy.add(2, 3)
            Pyro4.current_context.correlation_id = None
            assert isinstance(answer, message.Message)
            assert (answer.type, answer.serializer_id) == (message.MSG_RESULT, serializers.serializer_id)
            assert serializers.deserializeData(answer.data) == 5
            assert answer.data_size == len(answer.data)
            assert answer.annotations == {"CORR": known.bytes}
            assert serializers.deserializeData(proxy.value.data) == 3
            failure = proxy.fail()
            assert failure.flags & message.FLAGS_EXCEPTION
            assert not failure.flags & message.FLAGS_COMPRESSED
            assert isinstance(serializers.deserializeData(failure.data), ValueError)
            assert proxy.numbers().flags & message.FLAGS_ITEMSTREAMRESULT
            assert proxy.tell() is None
            batch = proxy._pyroInvokeBatch([("add", (1, 2), {}), ("add", (3, 4), {})])
            assert serializers.deserializeData(batch.data) == [3, 7]
            assert batch.flags & message.FLAGS_BATCH
            proxy._pyroRawWireResponse = False
            assert proxy.add(2, 3) == 5


class Watchful(Pyro4.Daemon):
    """Knows when clients go."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = threading.Event()

    def clientDisconnect(self, conn: Any) -> None:
        self.gone.set()


class WithHooks(Pyro4.Proxy):
    def _pyroAnnotations(self) -> dict[str, bytes]:
        return {}

    def _pyroResponseAnnotations(self, annotations: Any, msgtype: int) -> None:
        pass


@pytest.mark.parametrize("kind", [Pyro4.Proxy, WithHooks])
@pytest.mark.filterwarnings("error")
def test_a_proxy_that_nobody_holds_has_no_connection(kind: type[Pyro4.Proxy]) -> None:
    with Watchful() as daemon:
        uri = daemon.register(Thing())
        thread = threading.Thread(target=daemon.requestLoop)
        thread.start()
        proxy: Any = kind(uri)
        numbers = proxy.numbers()
        del proxy
        assert next(numbers) == 1  # an item stream holds its proxy
        assert not daemon.gone.is_set()
        gc.disable()  # it does not take the collector
        try:
            del numbers
            assert daemon.gone.wait(10)
        finally:
            gc.enable()
            daemon.shutdown()
            thread.join(10)


def test_a_connection_may_be_open_when_the_program_ends() -> None:
    program = """
import threading, Pyro4
daemon = Pyro4.Daemon()
threading.Thread(target=daemon.requestLoop, daemon=True).start()
proxy = Pyro4.Proxy("PYRO:Pyro.Daemon@" + daemon.locationStr)
proxy.ping()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""


@Pyro4.expose
class Failing:
    def fail(self, name: str) -> None:
        raise getattr(errors, name, None) or getattr(builtins, name)("as asked")

    @Pyro4.oneway
    def fail_unheard(self, name: str) -> None:
        self.fail(name)

    def hello(self) -> str:
        return "hello"


@pytest.fixture
def failing(daemon: Pyro4.Daemon) -> Iterator[Any]:
    with Pyro4.Proxy(daemon.register(Failing())) as proxy:
        yield proxy


def in_batch(proxy: Any, name: str) -> list[Any]:
    batch = Pyro4.batch(proxy)
    batch.hello()
    batch.fail(name)
    return list(batch())


@pytest.mark.parametrize("name", ["CommunicationError", "TimeoutError", "MessageTooLargeError", "SystemExit"])
def test_calls_that_lose_a_connection_lose_that_of_their_caller(
    failing: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(errors.ConnectionClosedError):
        failing.fail(name)
    assert "as asked" in caplog.text
    assert failing._pyroConnection is None
    assert failing.hello() == "hello"


@pytest.mark.parametrize("name", ["SerializeError", "NamingError", "PyroError"])
def test_other_errors_are_answers(failing: Any, name: str) -> None:
    with pytest.raises(getattr(errors, name)) as caught:
        failing.fail(name)
    assert "in fail" in "".join(caught.value._pyroTraceback)


def test_what_would_end_a_program_is_not_raised_by_a_batch(failing: Any) -> None:
    with pytest.raises(errors.CommunicationError):
        in_batch(failing, "CommunicationError")
    assert failing._pyroConnection is not None
    with pytest.raises(errors.ConnectionClosedError):
        in_batch(failing, "SystemExit")
    assert failing.hello() == "hello"


def test_errors_that_nobody_waits_for_end_no_connection(failing: Any) -> None:
    Pyro4.config.ONEWAY_THREADED = False
    failing.fail_unheard("TimeoutError")
    before = failing._pyroConnection
    assert failing.hello() == "hello"
    assert failing._pyroConnection == before


class Unknown:
    def __init__(self) -> None:
        self.size = 1


@Pyro4.expose
class Detailed:
    def fail(self) -> None:
        error = KeyError("text", Unknown(), [Unknown()], Pyro4.URI("PYRO:known@here:1"))
        error.more = {"unknown": Unknown()}  # type: ignore[attr-defined]
        raise error

    def give(self) -> Unknown:
        return Unknown()


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal"])
def test_what_an_exception_holds_of_unknown_classes_arrives_as_dicts(
    daemon: Pyro4.Daemon, serializer: str
) -> None:
    known = {"__class__": f"{Unknown.__module__}.Unknown", "size": 1}
    with Pyro4.Proxy(daemon.register(Detailed())) as proxy:
        proxy._pyroSerializer = serializer
        with pytest.raises(KeyError) as caught:
            proxy.fail()
        text, one, several, address = caught.value.args
        assert (text, one, list(several)) == ("text", known, [known])
        assert address == Pyro4.URI("PYRO:known@here:1")
        assert caught.value.more == {"unknown": known}  # type: ignore[attr-defined]
        assert "in fail" in "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
        with pytest.raises(errors.SerializeError, match="unsupported serialized class"):
            proxy.give()


def test_connections_show_and_take_the_timeout_of_calls(proxy: Any) -> None:
    proxy._pyroBind()
    assert proxy._pyroConnection.timeout is None
    proxy._pyroTimeout = 5
    assert proxy._pyroConnection.timeout == 5
    proxy._pyroConnection.timeout = 3
    assert (proxy._pyroConnection.getTimeout(), proxy._pyroTimeout) == (3, 5)
    assert proxy.add(1, 2) == 3
    proxy._pyroConnection.timeout = 0.0
    assert proxy._pyroConnection.timeout is None


def test_a_connection_can_be_dropped(proxy: Any) -> None:
    proxy._pyroBind()
    before = proxy._pyroConnection
    proxy._pyroConnection = None
    assert proxy._pyroConnection is None
    assert proxy.add(1, 2) == 3
    assert proxy._pyroConnection != before
    with pytest.raises(TypeError, match="only None can be given"):
        proxy._pyroConnection = before


@pytest.mark.parametrize("connected", [True, False])
def test_serializers_that_do_not_exist_are_noticed_by_the_call(proxy: Any, connected: bool) -> None:
    if connected:
        assert proxy.add(1, 2) == 3
    proxy._pyroSerializer = "nonesuch"
    for _ in range(2):
        with pytest.raises(errors.SerializeError, match="'nonesuch' is unknown"):
            proxy.add(1, 2)
    proxy._pyroSerializer = None
    assert proxy.add(1, 2) == 3
