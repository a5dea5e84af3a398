import gc
import socket
import ssl
import weakref
from typing import Any

import pytest

from pyro_client.secure import ClientTls, SharedTls
from pyro_core.errors import CommunicationError, SettingsError, TimeoutError
from pyro_core.settings import TLS
from pyro_core.uri import URI

TCP = URI("PYRO:o@server.example:1")
UNIX = URI("PYRO:o@./u:/run/socket")


def own_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def test_the_name_of_the_host_is_checked() -> None:
    context, name = ClientTls(TLS()).context_for(TCP)
    assert (context.check_hostname, name) == (True, "server.example")
    assert ClientTls(TLS()).context_for(URI("PYRO:o@[fe80::1%2]:1"))[1] == "fe80::1"


def test_a_name_that_was_given_is_checked_everywhere() -> None:
    secure = ClientTls(TLS(server_hostname="other.example"))
    for uri in (TCP, UNIX):
        context, name = secure.context_for(uri)
        assert (context.check_hostname, name) == (True, "other.example")


def test_a_unix_socket_has_no_name_to_check_but_its_certificate_is_checked() -> None:
    secure = ClientTls(TLS())
    context, name = secure.context_for(UNIX)
    assert (context.check_hostname, context.verify_mode, name) == (False, ssl.CERT_REQUIRED, None)
    assert secure.context_for(TCP)[0].check_hostname  # not the same one


def test_a_ready_context_decides_itself_about_names() -> None:
    secure = ClientTls(TLS(context=own_context()))
    assert secure.context_for(TCP)[1] == "server.example"
    with pytest.raises(SettingsError, match=r"and ./u:/run/socket has none"):
        secure.context_for(UNIX)


def test_a_context_is_made_once() -> None:
    secure = ClientTls(TLS())
    assert secure.context_for(TCP)[0] is secure.context_for(TCP)[0]


def test_a_function_is_asked_for_a_context_once_for_each_connection() -> None:
    made: list[ssl.SSLContext] = []

    def make() -> ssl.SSLContext:
        made.append(own_context())
        return made[-1]

    secure = ClientTls(TLS(context=make))
    assert [secure.context_for(TCP)[0], secure.context_for(TCP)[0]] == made


def test_proxies_with_the_same_settings_share_it_as_long_as_there_are_any() -> None:
    shared = SharedTls()
    first = shared.get(TLS(server_hostname="x"))
    assert shared.get(TLS(server_hostname="x")) is first
    assert shared.get(TLS(server_hostname="y")) is not first
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None


@pytest.fixture
def pair() -> Any:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_silent_server_is_given_up(pair: Any) -> None:
    with pytest.raises(TimeoutError, match=r"within 0\.05 seconds; does it speak TLS\?") as caught:
        ClientTls(TLS()).secured(pair[0], TCP, 0.05)
    assert caught.value.retry_safe
    assert pair[0].fileno() == -1


def test_a_server_that_hangs_up_may_not_speak_tls(pair: Any) -> None:
    pair[1].shutdown(socket.SHUT_WR)
    with pytest.raises(CommunicationError, match="may not speak TLS") as caught:
        ClientTls(TLS()).secured(pair[0], TCP, 5)
    assert caught.value.peer == "server.example:1"
    assert pair[0].fileno() == -1


def test_a_connection_that_breaks_may_not_speak_tls(pair: Any) -> None:
    pair[1].close()
    with pytest.raises(CommunicationError, match="speak TLS"):
        ClientTls(TLS()).secured(pair[0], TCP, 5)


def test_bad_files_close_the_socket_too(pair: Any) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        ClientTls(TLS(cafile="/nowhere")).secured(pair[0], TCP, 5)
    assert pair[0].fileno() == -1
