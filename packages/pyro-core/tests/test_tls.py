import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pyro_core.net import sockets
from pyro_core.net.tls import TlsSocket
from pyro_core.net.tls_contexts import client_context, server_context
from pyro_core.net.tls_failures import TlsError
from pyro_core.settings import TLS
from pyro_core.testing.certificates import Authority

DONT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
pytestmark = pytest.mark.skipif(not DONT_WAIT, reason="these tests look at what would wait")


class Drip:
    """A raw socket that delivers one byte at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self.sock.recv(1, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


class Hasty:
    """A raw socket that nobody may wait for."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def recv(self, size: int, flags: int = 0) -> bytes:
        assert flags & DONT_WAIT
        return self.sock.recv(size, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


Ends = tuple[TlsSocket, TlsSocket]


@contextlib.contextmanager
def ends(
    server: TLS,
    client: TLS,
    *,
    hostname: str | None = "localhost",
    raw: Callable[[Any], Any] = lambda sock: sock,
) -> Iterator[Ends]:
    """A server's and a client's end of a socket pair, which have not shaken hands."""
    here, there = socket.socketpair()
    with (
        TlsSocket(raw(here), server_context(server), server_side=True) as served,
        TlsSocket(
            raw(there), client_context(client), server_side=False, server_hostname=hostname
        ) as connected,
    ):
        yield served, connected


def shake(served: TlsSocket, connected: TlsSocket) -> None:
    with ThreadPoolExecutor() as pool:
        done = pool.submit(served.shake_hands, 10)
        connected.shake_hands(10)
        done.result(10)


def failures(served: TlsSocket, connected: TlsSocket) -> tuple[str, str]:
    """What the two sides say when they try to shake hands and to exchange a byte."""

    def talk(end: TlsSocket) -> str:
        try:
            end.shake_hands(10)
            end.send(b"x")
            end.recv(1)
        except TlsError as problem:
            return str(problem)
        return ""

    with ThreadPoolExecutor() as pool:
        there = pool.submit(talk, served)
        here = talk(connected)
        return there.result(10), here


@pytest.fixture(scope="session")
def server(authority: Authority) -> TLS:
    return authority.server()


@pytest.fixture(scope="session")
def client(authority: Authority) -> TLS:
    return authority.client()


@pytest.fixture
def pair(server: TLS, client: TLS) -> Iterator[Ends]:
    with ends(server, client) as both:
        shake(*both)
        yield both


def receive(end: TlsSocket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = end.recv(65536)
        assert more
        data += more
    return data


def send(end: TlsSocket, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[end.send(rest) :]


def encrypted(end: TlsSocket, data: bytes) -> bytes:
    """What the end would send."""
    end._engine.encrypt(memoryview(data))
    return end._engine.take_out()


def test_what_is_sent_arrives(pair: Ends) -> None:
    served, connected = pair
    assert connected.send(b"question") == 8
    assert served.recv(100) == b"question"
    assert served.send(b"answer", DONT_WAIT) == 6
    assert connected.recv(100, DONT_WAIT) == b"answer"


def test_the_bytes_on_the_way_are_not_those_that_were_sent(pair: Ends) -> None:
    served, connected = pair
    connected.send(b"a secret word")
    assert b"secret" not in served.raw.recv(1000, socket.MSG_PEEK)


def test_both_sides_tell_what_was_agreed_on(pair: Ends) -> None:
    served, connected = pair
    assert served.version() == connected.version() == "TLSv1.3"
    assert connected.cipher() == served.cipher() != None  # noqa: E711
    assert connected.getpeercert()["subject"] == ((("commonName", "server"),),)
    assert isinstance(connected.getpeercert(True), bytes)
    assert not served.getpeercert()
    assert connected.selected_alpn_protocol() is None
    assert "server TLSv1.3" in repr(served)


def test_nothing_is_told_before_the_handshake(server: TLS, client: TLS) -> None:
    with ends(server, client) as (served, connected):
        assert served.version() is connected.cipher() is connected.getpeercert() is None
        assert "in the handshake" in repr(served)


def test_it_looks_like_the_socket_underneath(pair: Ends) -> None:
    served, _ = pair
    raw = served.raw
    assert (served.fileno(), served.family, served.type) == (raw.fileno(), raw.family, raw.type)
    assert served.getsockname() == raw.getsockname()
    assert served.getpeername() == raw.getpeername()
    served.settimeout(3)
    assert served.gettimeout() == raw.gettimeout() == 3
    served.setblocking(True)
    served.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert served.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    served.close()
    assert raw.fileno() == -1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_works_when_bytes_arrive_one_by_one(server: TLS, client: TLS, version: ssl.TLSVersion) -> None:
    context = client_context(client)
    context.maximum_version = context.minimum_version = version
    with ends(server, TLS(context=context), raw=Drip) as (served, connected):
        shake(served, connected)
        connected.send(b"x" * 20000)
        assert receive(served, 20000) == b"x" * 20000
        served.send(b"back")
        assert connected.recv(10) == b"back"


def test_the_handshake_takes_place_while_receiving_without_waiting(server: TLS, client: TLS) -> None:
    """A3: nobody waits for a peer."""
    with ends(server, client, raw=Hasty) as (served, connected):
        with pytest.raises(BlockingIOError):
            served.recv(100, DONT_WAIT)  # the other side is silent
        with pytest.raises(BlockingIOError):
            connected.recv(100, DONT_WAIT)  # said hello
        with pytest.raises(BlockingIOError):
            served.recv(100, DONT_WAIT)  # answered
        assert connected.send(b"first", DONT_WAIT) == 5  # finishes it, and goes on at once
        assert served.recv(100, DONT_WAIT) == b"first"
        assert served.version() == "TLSv1.3"


def test_data_behind_the_handshake_stays_with_the_kernel(server: TLS, client: TLS) -> None:
    with ends(server, client) as (served, connected):
        with ThreadPoolExecutor() as pool:
            done = pool.submit(connected.send, b"first")
            served.shake_hands(10)
            assert done.result(10) == 5
        assert served.raw.recv(1, socket.MSG_PEEK)
        assert served.recv(100) == b"first"


def test_receiving_gives_all_that_can_be_decrypted(pair: Ends) -> None:
    """A poller that watches the raw socket would not tell of what stays inside."""
    served, connected = pair
    for number in range(50):
        connected.send(b"%3d" % number)
    assert len(served.recv(1, DONT_WAIT)) == 150
    with pytest.raises(BlockingIOError):
        served.recv(1, DONT_WAIT)


def test_half_a_record_is_nothing_yet(pair: Ends) -> None:
    served, connected = pair
    data = encrypted(connected, b"message")
    connected.raw.send(data[:10])
    with pytest.raises(BlockingIOError):
        served.recv(100, DONT_WAIT)
    connected.raw.send(data[10:])
    assert served.recv(100, DONT_WAIT) == b"message"


@pytest.mark.skipif(not hasattr(socket, "SO_RCVTIMEO"), reason="no time limits in the kernel")
def test_a_time_limit_in_the_kernel_holds_for_a_whole_record(server: TLS, client: TLS) -> None:
    with ends(server, client, raw=Drip) as (served, connected):
        shake(served, connected)
        sockets.set_receive_timeout(served, 0.05)  # type: ignore[arg-type]
        with pytest.raises(BlockingIOError):
            served.recv(100)
        data = encrypted(connected, b"message")
        enough = threading.Event()

        def trickle() -> None:
            for byte in data:
                connected.raw.send(bytes([byte]))
                if enough.wait(0.03):
                    return

        with ThreadPoolExecutor() as pool:
            pool.submit(trickle)
            with pytest.raises(BlockingIOError, match="only part of a TLS record"):
                served.recv(100)
            enough.set()


def test_looking_leaves_the_bytes_where_they_are(pair: Ends) -> None:
    served, connected = pair
    served.setblocking(False)
    with pytest.raises(BlockingIOError):
        served.recv(1, socket.MSG_PEEK)
    connected.send(b"ab")
    assert served.recv(1, socket.MSG_PEEK) == b"ab"
    assert served.recv(1, socket.MSG_PEEK) == b"ab"
    assert served.recv(1) == b"ab"
    connected.close()
    assert served.recv(1, socket.MSG_PEEK) == b""


def test_large_data_in_both_directions_at_the_same_time(pair: Ends) -> None:
    size = 8_000_000
    there, back = b"a" * size, b"b" * size
    served, connected = pair
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(send, connected, there), pool.submit(send, served, back)]
        received = [pool.submit(receive, served, size), pool.submit(receive, connected, size)]
        assert [job.result(30) for job in received] == [there, back]
        for job in jobs:
            job.result(10)


def test_what_the_peer_does_not_take_is_sent_later_and_once(pair: Ends) -> None:
    served, connected = pair
    data = memoryview(bytes(range(256)) * 20000)
    sent = served.send(data, DONT_WAIT)
    assert 0 <= sent < len(data)
    with pytest.raises(BlockingIOError):
        for _ in range(1000):
            sent += served.send(data[sent:], DONT_WAIT)
    got = b""
    while len(got) < len(data):
        with contextlib.suppress(BlockingIOError):
            sent += served.send(data[sent:], DONT_WAIT)
        got += connected.recv(50_000, DONT_WAIT) if sent < len(data) else connected.recv(50_000)
    assert sent == len(data)
    assert got == data
    served.send(b"next")
    assert connected.recv(100) == b"next"


def test_the_rest_may_be_repeated_in_smaller_pieces(pair: Ends) -> None:
    served, connected = pair
    data = bytes(range(256)) * 8000
    sent = 0
    got = b""
    while sent < len(data):
        try:
            sent += served.send(data[sent : sent + 10_000], DONT_WAIT)
        except BlockingIOError:
            got += connected.recv(50_000, DONT_WAIT)
    assert got + receive(connected, len(data) - len(got)) == data


def test_sending_nothing_is_fine(pair: Ends) -> None:
    assert pair[0].send(b"") == 0


def test_one_thread_receives_while_another_sends(pair: Ends) -> None:
    served, connected = pair
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(served.recv, 100)
        served.send(b"not held up")
        assert connected.recv(100) == b"not held up"
        connected.send(b"go")
        assert waiting.result(10) == b"go"


def test_a_second_thread_that_must_not_wait_is_told_so(pair: Ends) -> None:
    served, connected = pair
    with served._receiver.lock, pytest.raises(BlockingIOError, match="another thread is receiving"):
        served.recv(1, DONT_WAIT)
    with served._sender.lock, pytest.raises(BlockingIOError, match="another thread is sending"):
        served.send(b"x", DONT_WAIT)
    connected.send(b"y")
    assert served.recv(1) == b"y"


def test_the_end_is_empty_bytes_with_or_without_a_farewell(server: TLS, client: TLS) -> None:
    for farewell in (True, False):
        with ends(server, client) as (served, connected):
            shake(served, connected)
            connected.send(b"last")
            if farewell:
                connected.shutdown(socket.SHUT_WR)
            else:
                connected.raw.shutdown(socket.SHUT_WR)
            assert served.recv(100) == b"last"
            assert served.recv(100) == served.recv(100) == b""


def test_a_farewell_that_came_with_data_is_seen_by_a_poller(pair: Ends) -> None:
    """The other side may keep its socket open, to wait for ours."""
    served, connected = pair
    connected.send(b"last")
    assert connected._engine.say_farewell()
    connected._sender.push_if_free()
    assert served.recv(100, DONT_WAIT) == b"last"
    assert served.raw.recv(1, DONT_WAIT) == b""


def test_a_client_that_asks_for_new_keys_gets_its_answers(server: TLS, client: TLS) -> None:
    """What comes after the handshake and is no data is dealt with unseen."""
    context = server_context(server)
    context.num_tickets = 3
    with ends(TLS(context=context), client) as (served, connected):
        shake(served, connected)
        connected.setblocking(False)
        with pytest.raises(BlockingIOError):
            connected.recv(1, socket.MSG_PEEK)  # three tickets
        connected.setblocking(True)
        served.send(b"hello")
        assert connected.recv(100) == b"hello"


def test_a_silent_peer_has_a_deadline(server: TLS, client: TLS) -> None:
    with ends(server, client) as (_, connected):
        with pytest.raises(TimeoutError, match=r"within 0\.05 seconds"):
            connected.shake_hands(0.05)
        assert connected.gettimeout() is None


def test_a_server_that_hears_plain_text_says_so(server: TLS, client: TLS) -> None:
    with ends(server, client) as (served, connected):
        connected.raw.send(b"PYRO plain text, and more of it than a header has")
        with pytest.raises(TlsError, match="the client does not speak TLS"):
            served.recv(100, DONT_WAIT)
        with pytest.raises(TlsError, match="the client does not speak TLS"):
            served.recv(100, DONT_WAIT)
        # An alert for those who understand it, in some versions of OpenSSL, and the end.
        assert connected.raw.recv(100)[:2] in (b"", b"\x15\x03")


def test_a_client_that_is_answered_in_plain_text_says_so(server: TLS, client: TLS) -> None:
    with ends(server, client) as (served, connected):
        served.raw.send(b"PYRO plain text, and more of it than a header has")
        with pytest.raises(TlsError, match="the server does not speak TLS"):
            connected.shake_hands(10)
        with pytest.raises(TlsError, match="the server does not speak TLS"):
            connected.send(b"x")


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_peer_that_goes_away_in_the_handshake(server: TLS, client: TLS, side: str) -> None:
    with ends(server, client) as (served, connected):
        waiting, going = (connected, served) if side == "server" else (served, connected)
        going.raw.shutdown(socket.SHUT_WR)
        with pytest.raises(TlsError, match=f"the {side} closed the connection during the handshake"):
            waiting.recv(100)


def test_bytes_that_were_changed_on_the_way_are_an_error(pair: Ends) -> None:
    served, connected = pair
    data = bytearray(encrypted(connected, b"message"))
    data[-1] ^= 1
    connected.raw.send(data)
    with pytest.raises(TlsError, match="bad record mac"):
        served.recv(100)
    with pytest.raises(TlsError, match="bad record mac"):
        served.send(b"x")
    with pytest.raises(TlsError, match=r"the server refused the connection \(bad record mac\)"):
        connected.recv(100)


def test_a_certificate_of_an_unknown_authority(server: TLS, tmp_path: Any) -> None:
    other = Authority(tmp_path, "other")
    with ends(server, other.client()) as (served, connected):
        there, here = failures(served, connected)
    assert "certificate verify failed: the server's certificate is not accepted here" in here
    assert "TLS(cafile=...)" in here
    assert "does not know the authority that signed our certificate" in there


def test_a_certificate_for_another_host(server: TLS, client: TLS) -> None:
    with ends(server, client, hostname="elsewhere.example") as (served, connected):
        _, here = failures(served, connected)
    assert "certificate is not valid for 'elsewhere.example'" in here


def test_no_host_name_is_checked_where_that_was_not_asked_for(server: TLS, authority: Authority) -> None:
    with ends(server, authority.client(check_hostname=False), hostname=None) as both:
        shake(*both)


def test_a_client_without_the_certificate_that_is_required(authority: Authority, client: TLS) -> None:
    strict = authority.server(require_client_cert=True, cafile=authority.certfile)
    with ends(strict, client) as (served, connected):
        there, here = failures(served, connected)
    assert "the client has no certificate, and this server requires one" in there
    assert "certificate required" in here
    assert "TLS(certfile=...)" in here


def test_a_client_with_a_certificate_is_known(authority: Authority) -> None:
    strict = authority.server(require_client_cert=True, cafile=authority.certfile)
    with ends(strict, authority.client("alice")) as (served, connected):
        shake(served, connected)
        connected.send(b"x")
        served.recv(1)
        assert served.getpeercert()["subject"] == ((("commonName", "alice"),),)


def test_a_send_that_fails_tells_why_the_other_side_hung_up(authority: Authority, client: TLS) -> None:
    strict = authority.server(require_client_cert=True, cafile=authority.certfile)
    with ends(strict, client) as (served, connected):
        with ThreadPoolExecutor() as pool:
            done = pool.submit(connected.shake_hands, 10)
            with pytest.raises(TlsError):
                served.shake_hands(10)
            done.result(10)
        served.close()
        with pytest.raises(TlsError, match="certificate required"):
            connected.send(b"x" * 1_000_000)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_works_over_tcp(server: TLS, client: TLS, host: str) -> None:
    try:
        (listener,) = sockets.listen(host)
    except Exception as problem:
        pytest.skip(f"no {host}: {problem}")
    with listener, socket.create_connection(listener.getsockname()[:2]) as raw:
        accepted = listener.accept()[0]
        with (
            TlsSocket(accepted, server_context(server), server_side=True) as served,
            TlsSocket(raw, client_context(client), server_side=False, server_hostname=host) as connected,
        ):
            shake(served, connected)
            send(connected, b"x" * 1000)
            assert receive(served, 1000) == b"x" * 1000
