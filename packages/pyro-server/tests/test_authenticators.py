"""Clients that are known by certificates, users, and what a function says."""

import grp
import os
import pwd
from typing import Any

import pytest

from pyro_core.errors import SettingsError
from pyro_core.identity import ANONYMOUS, Credentials, Principal, UnixPeer
from pyro_server import Anonymous, ClientCertificates, HandshakeHook, UnixPeers
from pyro_server.authenticators import names_in

CERTIFICATE = {
    "subject": ((("organizationName", "x"),), (("commonName", "a"),)),
    "subjectAltName": (("DNS", "b"), ("URI", "spiffe://c"), ("IP Address", "10.0.0.1")),
}
ME = UnixPeer(os.getuid(), os.getgid(), 1)
MY_NAME = pwd.getpwuid(os.getuid()).pw_name
STRANGER = UnixPeer(4_000_000, 4_000_000, 1)  # no such user


def test_the_names_of_a_certificate() -> None:
    assert list(names_in(CERTIFICATE)) == ["a", "b", "spiffe://c"]


def test_everybody_else_is_anonymous() -> None:
    assert Anonymous().authenticate(Credentials()) is ANONYMOUS


@pytest.mark.parametrize(
    ("names", "name"),
    [(None, "a"), (["b"], "b"), (["z", "spiffe://c"], "spiffe://c"), (["z"], None), ([], None)],
)
def test_certificates_by_their_names(names: list[str] | None, name: str | None) -> None:
    found = ClientCertificates(names).authenticate(Credentials(certificate=CERTIFICATE))
    assert (found and (found.name, found.proof)) == (name and (name, "certificate"))


def test_certificates_have_roles_by_each_of_their_names() -> None:
    roles = {"a": ["one"], "b": ["two"], "z": ["never"], "*": ["signed"]}
    found = ClientCertificates(roles=roles).authenticate(Credentials(certificate=CERTIFICATE))
    assert found is not None
    assert found.roles == {"one", "two", "signed"}
    assert found.claims["names"] == ("a", "b", "spiffe://c")


@pytest.mark.parametrize("certificate", [None, {}, {"subject": ((("organizationName", "x"),),)}])
def test_without_a_certificate_that_has_a_name_the_next_one_is_asked(certificate: Any) -> None:
    assert ClientCertificates().authenticate(Credentials(certificate=certificate)) is None


def test_one_text_for_several_names_is_an_error() -> None:
    with pytest.raises(TypeError, match="several texts"):
        ClientCertificates("printer")
    with pytest.raises(TypeError, match="several texts"):
        UnixPeers("root")


@pytest.mark.parametrize("users", [[], [os.getuid()], [MY_NAME]])
def test_the_own_user_is_known_over_a_unix_socket(users: list[str | int]) -> None:
    found = UnixPeers(users).authenticate(Credentials(unix=ME))
    assert found == Principal(MY_NAME, "unix")
    assert found.claims == {"uid": ME.uid, "gid": ME.gid, "pid": 1}


def test_other_users_are_not() -> None:
    assert UnixPeers().authenticate(Credentials(unix=STRANGER)) is None
    assert UnixPeers([STRANGER.uid]).authenticate(Credentials(unix=ME)) is None
    assert UnixPeers().authenticate(Credentials()) is None


def test_a_user_without_a_name_is_called_by_its_number() -> None:
    assert UnixPeers([STRANGER.uid]).authenticate(Credentials(unix=STRANGER)) == Principal("4000000", "unix")


def test_groups_let_their_members_in_and_are_roles() -> None:
    mine = grp.getgrgid(os.getgid()).gr_name
    found = UnixPeers(groups=[mine]).authenticate(Credentials(unix=ME))
    assert found == Principal(MY_NAME, "unix", frozenset({mine}))
    assert UnixPeers(groups=[STRANGER.gid]).authenticate(Credentials(unix=ME)) is None


def test_a_user_or_group_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingsError, match="no user 'nobody-of-that-name'"):
        UnixPeers(["nobody-of-that-name"])
    with pytest.raises(SettingsError, match="no group 'no-such-group'"):
        UnixPeers(groups=["no-such-group"])


def test_a_function_decides_by_the_handshake() -> None:
    known = {"a": "anna", "b": Principal("ben", "handshake", frozenset({"admin"}))}
    hook = HandshakeHook(known.get)
    assert hook.authenticate(Credentials("a")) == Principal("anna", "handshake")
    assert hook.authenticate(Credentials("b")) == known["b"]
    assert hook.authenticate(Credentials("c")) is None
