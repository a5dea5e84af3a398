"""The HTTP gateway: requests to the WSGI application, which calls objects of a daemon."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import Pyro4
from Pyro4 import errors
from Pyro4.facade import gateway_requests
from Pyro4.utils import httpgateway

NASTY = "http.<script>alert('x')&\""


@Pyro4.expose
class Thing:
    def __init__(self) -> None:
        self._called: list[str] = []

    @property
    def number(self) -> int:
        return 5

    def echo(self, **parameters: Any) -> Any:
        return parameters

    def correlation(self) -> str:
        return str(Pyro4.current_context.correlation_id)

    def made(self) -> Any:
        return Made()

    def fail(self) -> None:
        raise ValueError("as asked")

    def items(self) -> Iterator[int]:
        yield 1

    @Pyro4.oneway
    def tell(self) -> None:
        pass


class Made:
    """A class that the gateway does not know."""

    def __init__(self) -> None:
        self.x = 1


class Names:
    """Stands for the proxy of a name server."""

    def __init__(self, uri: Any) -> None:
        self._pyroUri = Pyro4.URI("PYRO:Pyro.NameServer@localhost:9090")
        self.known = {"http.thing": uri, "other.thing": uri, NASTY: uri, "http.a/b": uri}

    def lookup(self, name: str) -> Any:
        try:
            return self.known[name]
        except KeyError:
            raise errors.NamingError(f"unknown name: {name}") from None

    def list(self, regex: str) -> dict[str, str]:
        return {name: str(uri) for name, uri in self.known.items() if re.match(regex, name)}


@pytest.fixture(scope="module")
def uri() -> Iterator[Any]:
    with Pyro4.Daemon() as daemon:
        found = daemon.register(Thing())
        daemon.start()
        yield found


@pytest.fixture
def names(uri: Any, monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names(uri)
    monkeypatch.setattr(httpgateway, "get_nameserver", lambda hmac=None: names)
    return names


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def app(names: Names) -> httpgateway.GatewayApp:
    return httpgateway.GatewayApp()


def ask(
    app: httpgateway.GatewayApp,
    path: str,
    query: str = "",
    *,
    form: bytes | None = None,
    method: str = "",
    **headers: str,
) -> Answer:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method or ("GET" if form is None else "POST"),
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        **{f"HTTP_X_PYRO_{name.upper()}": value for name, value in headers.items()},
    }
    if form is not None:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=utf-8"
        environ["CONTENT_LENGTH"] = str(len(form))
        environ["wsgi.input"] = io.BytesIO(form)
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(app(environ, lambda status, headers: started.append((status, headers))))
    ((status, given),) = started
    return Answer(int(status.split()[0]), dict(given), body)


def test_parameters_are_texts_and_lists_of_texts(app: httpgateway.GatewayApp) -> None:
    wanted = {"a": "1", "b": ["2", "3"]}
    assert ask(app, "/pyro/http.thing/echo", "a=1&b=2&b=3").value == wanted
    assert ask(app, "/pyro/http.thing/echo", form=b"a=1&b=2&b=3").value == wanted
    assert ask(app, "/pyro/http.thing/echo", "b=3", form=b"a=1&b=2").value == wanted
    assert ask(app, "/pyro/http.thing/echo", "a=h%C3%A9").value == {"a": "hé"}


def test_attributes_and_members(app: httpgateway.GatewayApp) -> None:
    assert ask(app, "/pyro/http.thing/number").value == 5
    assert ask(app, "/pyro/http.thing/number", "value=6").status == 500
    members = ask(app, "/pyro/http.thing/$meta").value
    assert members["attributes"] == ["number"]
    assert "echo" in members["methods"]


def test_the_correlation_id_goes_through(app: httpgateway.GatewayApp) -> None:
    given = "11112222-3333-4444-5555-666677778888"
    answer = ask(app, "/pyro/http.thing/correlation", correlation_id=given)
    assert answer.value == answer.headers["X-Pyro-Correlation-Id"] == given
    made = ask(app, "/pyro/http.thing/correlation")
    assert made.value == made.headers["X-Pyro-Correlation-Id"] != given
    assert ask(app, "/pyro/http.thing/correlation", correlation_id="nonsense").status == 500


def test_objects_of_unknown_classes_are_passed_on(app: httpgateway.GatewayApp) -> None:
    value = ask(app, "/pyro/http.thing/made").value
    assert value["x"] == 1
    assert value["__class__"].endswith("Made")


def test_errors_are_passed_on(app: httpgateway.GatewayApp) -> None:
    answer = ask(app, "/pyro/http.thing/fail")
    assert answer.status == 500
    assert answer.value["__class__"] == "builtins.ValueError"
    assert answer.value["args"] == ["as asked"]
    assert "as asked" in "".join(answer.value["attributes"]["_pyroTraceback"])
    assert "X-Pyro-Correlation-Id" not in answer.headers
    answer = ask(app, "/pyro/http.missing/echo")
    assert (answer.status, answer.value["__class__"]) == (500, "Pyro4.errors.NamingError")


def test_nobody_waits_for_oneway_calls(app: httpgateway.GatewayApp) -> None:
    assert ask(app, "/pyro/http.thing/tell")[::2] == (200, b"")
    assert ask(app, "/pyro/http.thing/echo", "a=1", options="other, oneway")[::2] == (200, b"")


def test_streams_cannot_be_had(app: httpgateway.GatewayApp) -> None:
    answer = ask(app, "/pyro/http.thing/items")
    assert (answer.status, answer.value["__class__"]) == (500, "Pyro4.errors.ProtocolError")


@pytest.mark.parametrize(
    "member", ["missing", "_pyroRelease", "_pyroUri", "_pyroInvoke", "__init__", "__class__", "_called"]
)
@pytest.mark.parametrize("metadata", [True, False])
def test_only_what_is_exposed_can_be_used(
    app: httpgateway.GatewayApp, member: str, metadata: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Pyro4.config.METADATA = metadata
    try:
        answer = ask(app, f"/pyro/http.thing/{member}")
    finally:
        Pyro4.config.METADATA = True
    assert (answer.status, answer.value["__class__"]) == (500, "builtins.AttributeError")
    assert "no exposed attribute or method" in answer.value["args"][0]


def test_only_what_the_name_server_names_is_connected_to(app: httpgateway.GatewayApp, uri: Any) -> None:
    app.ns_regex = ""
    for name in (str(uri), f"PYRONAME:http.thing@{uri.location}", uri.object):
        answer = ask(app, f"/pyro/{name}/echo")
        assert (answer.status, answer.value["__class__"]) == (500, "Pyro4.errors.NamingError")


def test_only_names_that_match_can_be_used(app: httpgateway.GatewayApp) -> None:
    assert ask(app, "/pyro/other.thing/echo").status == 403
    assert ask(app, "/pyro/xhttp.thing/echo").status == 403
    assert ask(app, "/pyro/http.a/b/echo").status == 200
    app.ns_regex = r"other\."
    assert ask(app, "/pyro/other.thing/echo").status == 200


@pytest.mark.parametrize("key", ["schlüssel", "schlüssel".encode()])
def test_the_key(app: httpgateway.GatewayApp, key: Any) -> None:
    app.gateway_key = key
    quoted = "schl%C3%BCssel"
    assert ask(app, "/pyro/http.thing/echo").status == 403
    assert ask(app, "/pyro/http.thing/echo", gateway_key="wrong").status == 403
    assert ask(app, "/pyro/http.thing/echo", "$key=wrong").status == 403
    assert ask(app, "/pyro/http.thing/echo", f"$key={quoted}&a=1").value == {"a": "1"}
    assert ask(app, "/pyro/http.thing/echo", form=f"$key={quoted}".encode()).value == {}


def test_the_key_as_a_header(app: httpgateway.GatewayApp) -> None:
    app.gateway_key = b"secret"
    assert ask(app, "/pyro/http.thing/echo", gateway_key="secret").status == 200


def test_the_key_is_not_logged() -> None:
    line = '"GET /pyro/a/b?x=1&$key=secret&y=2 HTTP/1.1" 200 -'
    assert gateway_requests.hide_key(line) == line.replace("secret", "...")
    assert "secret" not in gateway_requests.hide_key("GET /pyro/a/b?%24key=secret HTTP/1.1")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 302),
        ("", "GET", 302),
        ("/nonsense", "GET", 404),
        ("/pyro", "GET", 404),
        ("/pyro/http.thing", "GET", 404),
        ("/pyro/http.thing/", "GET", 404),
        ("/pyro/http.thing/echo", "PUT", 405),
        ("/pyro/http.thing/echo", "OPTIONS", 405),
    ],
)
def test_other_requests(app: httpgateway.GatewayApp, path: str, method: str, status: int) -> None:
    assert ask(app, path, method=method).status == status


def test_what_is_too_much_is_refused(app: httpgateway.GatewayApp, monkeypatch: pytest.MonkeyPatch) -> None:
    most = "&".join(f"a{number}=1" for number in range(gateway_requests.MAX_PARAMETERS))
    assert len(ask(app, "/pyro/http.thing/echo", most).value) == gateway_requests.MAX_PARAMETERS
    assert ask(app, "/pyro/http.thing/echo", f"{most}&b=1").status == 400
    monkeypatch.setattr(gateway_requests, "MESSAGE_LIMIT", 20)
    assert ask(app, "/pyro/http.thing/echo", form=b"a=" + b"x" * 18).status == 200
    assert ask(app, "/pyro/http.thing/echo", form=b"a=" + b"x" * 19).status == 413


def test_a_form_that_is_no_form(app: httpgateway.GatewayApp) -> None:
    assert ask(app, "/pyro/http.thing/echo", form=b"a=\xff").status == 400
    assert ask(app, "/pyro/http.thing/echo", method="POST").value == {}


def test_the_page_lists_what_can_be_called(app: httpgateway.GatewayApp, names: Names) -> None:
    answer = ask(app, "/pyro/")
    page = answer.body.decode()
    assert page.startswith("<!DOCTYPE html>")
    assert "localhost:9090" in page
    assert "http.thing/$meta" in page
    assert "correlation" in page
    assert "other.thing" not in page
    names.known = {
        f"http.{number:02}": "PYRO:gone@localhost:1" for number in range(httpgateway.LISTED_MAX + 1)
    }
    page = ask(app, "/pyro/").body.decode()
    assert page.count("not available") == httpgateway.LISTED_MAX
    assert "http.10/" not in page


def test_the_page_escapes_names_and_needs_nothing_from_elsewhere(app: httpgateway.GatewayApp) -> None:
    app.ns_regex = "http|<b>"
    answer = ask(app, "/pyro/")
    page = answer.body.decode()
    assert "alert('x')" not in page
    assert "<b>" not in page
    assert "http.&lt;script&gt;alert(&#x27;x&#x27;)&amp;&quot;" in page
    assert not re.search(r"(?:src|href)=.?(?:\w+:)?//", page)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_a_name_server(app: httpgateway.GatewayApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(hmac: Any = None) -> Any:
        raise errors.NamingError("Failed to locate the nameserver")

    monkeypatch.setattr(httpgateway, "get_nameserver", missing)
    assert ask(app, "/pyro/").status == 500
    assert ask(app, "/pyro/http.thing/echo").value["__class__"] == "Pyro4.errors.NamingError"


def test_a_name_server_that_went_away_is_searched_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class NameServer:
        alive = True

        def ping(self) -> None:
            if not self.alive:
                raise errors.ConnectionClosedError("gone")

    monkeypatch.setattr(httpgateway._Known, "nameserver", None)
    monkeypatch.setattr(httpgateway.core, "locateNS", lambda hmac_key: NameServer())
    first = httpgateway.get_nameserver()
    assert httpgateway.get_nameserver() is first
    first.alive = False
    assert httpgateway.get_nameserver() is not first
