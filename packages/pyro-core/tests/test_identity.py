"""Who calls: what can be told of somebody, and what is not."""

import os
import socket

import pytest

from pyro_core.context import CallContext, Caller
from pyro_core.identity import ANONYMOUS, Credentials, Principal
from pyro_core.net.unix_peers import unix_peer


def test_what_was_said_and_shown_is_in_no_repr() -> None:
    credentials = Credentials({"token": "very-secret"}, "here", {"subject": "secret-too"})
    assert credentials.token == "very-secret"
    assert "secret" not in repr(credentials)


@pytest.mark.parametrize("said", ["hello", None, ["token"], {"other": 1}])
def test_whatever_else_is_said_has_no_token(said: object) -> None:
    assert Credentials(said).token is None


def test_a_principal_is_the_same_whatever_else_is_known_of_it() -> None:
    assert Principal("a", "unix", claims={"pid": 1}) == Principal("a", "unix", claims={"pid": 2})
    assert Principal("a", "unix") != Principal("a", "token")
    assert str(Principal("a", "unix")) == "a (unix)"
    assert str(ANONYMOUS) == "anonymous"


def test_a_call_without_a_connection_is_anonymous() -> None:
    assert CallContext(Caller()).principal is ANONYMOUS


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell")
def test_the_process_at_the_other_end_of_a_unix_socket() -> None:
    one, other = socket.socketpair()
    with one, other:
        peer = unix_peer(one)
        assert peer is not None
        assert (peer.uid, peer.gid, peer.pid) == (os.getuid(), os.getgid(), os.getpid())


def test_other_sockets_tell_of_no_process() -> None:
    with socket.socket(socket.AF_INET) as sock:
        assert unix_peer(sock) is None
    assert unix_peer(None) is None
