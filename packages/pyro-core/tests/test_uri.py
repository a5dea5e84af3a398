import contextlib
import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyro_core.errors import PyroError
from pyro_core.uri import URI

SPACE_AND_AT = "@" + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=SPACE_AND_AT), min_size=1, max_size=12
)
TAGS = st.frozensets(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=SPACE_AND_AT + ","),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)
PORTS = st.integers(0, 65535)
HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{1,3})?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
SOCKET_PATHS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1, max_size=12
)
LOCATIONS = st.one_of(
    st.builds("{}:{}".format, HOSTS, PORTS),
    SOCKET_PATHS.map("./u:{}".format),
)
URIS = st.one_of(
    st.builds("PYRO:{}@{}".format, NAMES, LOCATIONS),
    st.builds("PYRONAME:{}@{}".format, NAMES, st.one_of(HOSTS, LOCATIONS)),
    NAMES.map("PYRONAME:{}".format),
    st.builds(
        lambda tags, at: f"PYROMETA:{','.join(tags)}{at}", TAGS, st.sampled_from(["", "@host", "@host:1"])
    ),
)


def test_a_pyro_address_has_an_object_a_host_and_a_port() -> None:
    uri = URI("PYRO:shop.cart@localhost:4444")
    assert (uri.protocol, uri.object, uri.host, uri.port, uri.sockname) == (
        "PYRO",
        "shop.cart",
        "localhost",
        4444,
        None,
    )
    assert uri.location == "localhost:4444"
    assert str(uri) == "PYRO:shop.cart@localhost:4444"
    assert repr(uri) == "URI('PYRO:shop.cart@localhost:4444')"


@pytest.mark.parametrize(
    ("text", "host", "port", "location"),
    [
        ("PYRO:o@[::1]:4444", "::1", 4444, "[::1]:4444"),
        ("PYRO:o@[fe80::1%3]:1", "fe80::1%3", 1, "[fe80::1%3]:1"),
        ("PYRO:o@[::ffff:1.2.3.4]:0", "::ffff:1.2.3.4", 0, "[::ffff:1.2.3.4]:0"),
        ("PYRO:o@h:65535", "h", 65535, "h:65535"),
        ("PYRO:o@h:0080", "h", 80, "h:80"),
        ("PYRO:a@b@h:1", "b@h", 1, "b@h:1"),
        ("PYRONAME:n@h", "h", 9090, "h:9090"),
        ("PYRONAME:n@h:1", "h", 1, "h:1"),
        ("PYRONAME:n@[::1]", "::1", 9090, "[::1]:9090"),
        ("PYRONAME:n", None, None, None),
    ],
)
def test_hosts_and_ports(text: str, host: str | None, port: int | None, location: str | None) -> None:
    uri = URI(text)
    assert (uri.host, uri.port, uri.location, uri.sockname) == (host, port, location, None)


@pytest.mark.parametrize("path", ["/tmp/with space", "relative", "\0abstract name", "/tmp/@"])
def test_unix_sockets(path: str) -> None:
    uri = URI(f"PYRO:o@./u:{path}")
    assert (uri.host, uri.port, uri.sockname, uri.location) == (None, None, path, f"./u:{path}")


def test_a_name_may_be_asked_for_at_a_unix_socket() -> None:
    assert URI("PYRONAME:n@./u:/run/ns").sockname == "/run/ns"


def test_tags_are_a_set_and_are_written_in_order() -> None:
    uri = URI("PYROMETA:blue,apple,,blue")
    assert uri.object == frozenset({"apple", "blue"})
    assert str(uri) == "PYROMETA:apple,blue"
    assert uri == URI("PYROMETA:apple,blue")


def test_the_protocol_may_be_written_in_small_letters() -> None:
    assert str(URI("pyroName:Thing")) == "PYRONAME:Thing"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unknown protocol"),
        ("PYRO", "unknown protocol 'PYRO'"),
        ("greeter", "unknown protocol 'greeter'; 'PYRONAME:greeter' has it looked up in the name server"),
        ("http:o@h:1", "unknown protocol 'http'"),
        ("PYROLOC:o@h:1", "unknown protocol"),
        ("PYRO:@h:1", "object id or name is needed"),
        ("PYRO:a b@h:1", "without white space"),
        ("PYRO:a\u3000b@h:1", "without white space"),
        ("PYRONAME:", "object id or name is needed"),
        ("PYRO:o", "a location is needed"),
        ("PYRO:o@", "a host is needed"),
        ("PYRO:o@h", "a port is needed"),
        ("PYRO:o@[::1]", "a port is needed"),
        ("PYRO:o@h:", "from 0 to 65535"),
        ("PYRO:o@h:65536", "from 0 to 65535"),
        ("PYRO:o@h:-1", "from 0 to 65535"),
        ("PYRO:o@h:1x", "from 0 to 65535"),
        ("PYRO:o@h:\u0661", "from 0 to 65535"),
        ("PYRO:o@h:1:2", "from 0 to 65535"),
        pytest.param(f"PYRO:o@h:{'9' * 5000}", "from 0 to 65535", id="port of 5000 digits"),
        ("PYRO:o@::1:2", "a host is needed"),
        ("PYRO:o@[[::1]]:1", "between single brackets"),
        ("PYRO:o@[::1:1", "between single brackets"),
        ("PYRO:o@[::1]1", "between single brackets"),
        ("PYRO:o@[host]:1", "numeric IPv6"),
        ("PYRO:o@[fe80::1%eth0]:1", "numeric IPv6"),
        ("PYRO:o@./u:", "a socket path is needed"),
        ("PYRO:o@./u:/tmp/x:1", "without another ':'"),
        ("PYROMETA:,", "at least one tag"),
        ("PYRONAME:n@", "a host is needed"),
    ],
)
def test_what_is_no_uri_is_refused_with_the_reason_and_the_forms(text: str, why: str) -> None:
    with pytest.raises(PyroError, match="invalid uri") as caught:
        URI(text)
    assert why in str(caught.value)
    assert "expected PYRO:object@host:port" in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, b"PYRO:o@h:1", ["PYRO:o@h:1"]])
def test_only_text_and_uris_make_a_uri(value: object) -> None:
    with pytest.raises(TypeError, match="a URI is made of text or another URI"):
        URI(value)  # type: ignore[arg-type]


def test_a_uri_does_not_change() -> None:
    uri = URI("PYRO:o@h:1")
    with pytest.raises(AttributeError, match="a URI does not change: cannot set port to 2"):
        uri.port = 2
    with pytest.raises(AttributeError, match="a URI does not change: cannot delete host"):
        del uri.host
    with pytest.raises(AttributeError):
        uri.other = 1  # type: ignore[attr-defined]
    assert str(uri) == "PYRO:o@h:1"


def test_uris_are_not_equal_to_their_text() -> None:
    assert URI("PYRO:o@h:1") != "PYRO:o@h:1"
    assert len({URI("PYRO:o@h:1"), URI("pyro:o@h:01"), URI("PYRO:o@h:2")}) == 2


@given(URIS)
@example("PYRO:o@h:0")
@example("PYRO:o@./u:\0name")
def test_every_uri_survives_text_state_copy_and_pickle(text: str) -> None:
    uri = URI(text)
    for twin in (
        URI(str(uri)),
        URI(uri),
        URI.from_state(uri.state()),
        URI.from_state(list(uri.state())),
        pickle.loads(pickle.dumps(uri)),
        copy.copy(uri),
        copy.deepcopy(uri),
    ):
        assert twin == uri
        assert hash(twin) == hash(uri)
        assert str(twin) == str(uri)
        assert twin.location == uri.location


@given(st.text() | st.text(alphabet="PYRONAMETA:@[]./u1:, \0"))
def test_any_text_is_a_uri_or_an_invalid_uri(text: str) -> None:
    with contextlib.suppress(PyroError):
        uri = URI(text)
        assert URI(str(uri)) == uri


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_any_received_state_is_a_uri_or_an_invalid_uri(state: object) -> None:
    with contextlib.suppress(PyroError):
        assert URI.from_state(state).protocol in ("PYRO", "PYRONAME", "PYROMETA")


@pytest.mark.parametrize(
    "state",
    [
        ["PYRO", "o", None, "h", 65536],
        ["PYRO", "o", None, "h", -1],
        ["PYRO", "o", None, "h", True],
        ["PYRO", "o", None, "h", "1"],
        ["PYRO", None, None, "h", 1],
        ["PYRO", "o", 1, None, None],
        ["PYRO", "o", None, ["h"], 1],
        ["HTTP", "o", None, "h", 1],
        [["PYRO"], "o", None, "h", 1],
        ["PYRO", "o", None, "h"],
        {"PYRO": 1},
        None,
    ],
)
def test_a_received_state_with_wrong_parts_is_refused(state: object) -> None:
    with pytest.raises(PyroError, match="invalid uri"):
        URI.from_state(state)


@pytest.mark.parametrize("tags", [{"a", "b"}, ["b", "a"], ("a", "b"), "b,a"])
def test_tags_are_read_in_every_form_in_which_peers_send_them(tags: object) -> None:
    assert URI.from_state(["PYROMETA", tags, None, None, None]) == URI("PYROMETA:a,b")


def test_addresses_are_made_of_parts() -> None:
    assert str(URI.for_location("o", host="h", port=0)) == "PYRO:o@h:0"
    assert str(URI.for_location("o", host="::1", port=1)) == "PYRO:o@[::1]:1"
    assert str(URI.for_location("o", sockname="/tmp/s")) == "PYRO:o@./u:/tmp/s"


@pytest.mark.parametrize(
    ("object_id", "parts"),
    [
        ("o", {"host": "h"}),
        ("o", {"port": 1}),
        ("o", {}),
        ("o", {"host": "h", "port": 65536}),
        ("a@b", {"host": "h", "port": 1}),
        ("a b", {"host": "h", "port": 1}),
        ("", {"sockname": "/tmp/s"}),
        ("o", {"sockname": "/tmp/a:b"}),
    ],
)
def test_parts_that_make_no_address_are_refused(object_id: str, parts: dict[str, object]) -> None:
    with pytest.raises(PyroError, match="invalid uri"):
        URI.for_location(object_id, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "state",
    [
        ("PYRO", ("tag",), None, "h", 1),
        ("PYRO", "o", None, None, None),
        ("PYRO", "o", None, "h", None),
        ("PYRONAME", "", None, None, None),
        ("PYRONAME", ("tag",), None, None, None),
        ("PYROMETA", (), None, None, None),
    ],
)
def test_a_state_with_parts_that_do_not_go_together_is_refused(state: tuple[object, ...]) -> None:
    with pytest.raises(PyroError, match="invalid uri"):
        URI.from_state(state)
