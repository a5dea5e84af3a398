"""The HTTP gateway with real clients, daemons and name servers."""

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import processes
import pytest
from http_gateways import EVENTS, PATIENCE_S, Objects, call, events, gateway, running_objects
from stock_env import stock_python
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pyro_client import locate_ns
from pyro_nameserver import start_ns
from pyro_server import AllowMethods, Tokens

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CORRELATION = "11111111-2222-3333-4444-555555555555"
BAD = "/problems/"


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with running_objects() as running:
        yield running


@pytest.fixture(scope="module")
def http(objects: Objects) -> Iterator[httpx.Client]:
    with gateway(objects.name_server, max_body_bytes=10_000, heartbeat_s=0.2) as client:
        yield client


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"


def problem(answer: httpx.Response) -> str:
    """The kind of the problem that an answer tells of."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    return str(document["type"]).removeprefix(BAD)


def test_names_that_are_offered_are_listed(http: httpx.Client) -> None:
    found = http.get("/objects").json()["objects"]
    assert [one["name"] for one in found] == ["http.clock", "http.gone", "http.plain", "http.shop"]
    assert found[0] == {"name": "http.clock", "tags": ["blue", "clock"], "lease": None}
    found = http.get("/objects", params={"prefix": "http.s"}).json()["objects"]
    assert [one["name"] for one in found] == ["http.shop"]


def test_an_object_is_described_with_signatures_docs_and_schemas(http: httpx.Client) -> None:
    found = http.get("/objects/http.shop").json()
    assert found["class"] == "Shop"
    assert found["doc"].startswith("Sells things.")
    methods = {one["name"]: one for one in found["methods"]}
    price = methods["price"]
    assert price["signature"] == (
        "(product: str, /, count: int = 1, *, currency: Literal['EUR', 'USD'] = 'EUR') -> str"
    )
    assert price["parameters"][2]["schema"] == {"enum": ["EUR", "USD"]}
    assert (methods["count"]["kind"], methods["note"]["kind"]) == ("generator", "oneway")
    assert [one["name"] for one in found["attributes"]] == ["founded", "motto"]


def test_methods_are_called_with_arguments_by_position_and_by_name(http: httpx.Client) -> None:
    assert call(http, "http.shop.add", 3) == 5
    assert call(http, "http.shop.add", a=3, b=4.0) == 7
    assert call(http, "http.shop.price", "nail", 2, currency="USD") == "nail x 2 in USD"
    assert http.post("/objects/http.shop/methods/opened").json() == {"result": 0}


def test_values_that_json_lacks_arrive_as_what_they_are(http: httpx.Client) -> None:
    arguments = {
        "raw": {"$bytes": "aGVsbG8="},
        "when": "2024-02-29T12:00:00Z",
        "day": {"$date": "2024-02-29"},
        "amount": "2.50",
        "key": CORRELATION,
        "length": 90,
        "tags": ["a", "a"],
        "pair": [1, "b"],
        "table": {"x": [1]},
    }
    kinds = ["bytes", "datetime", "date", "Decimal", "UUID", "timedelta", "set", "tuple", "dict"]
    assert call(http, "http.shop.faithful", **arguments) == kinds
    value = [
        {"$tuple": [1, {"$set": ["a"]}]},
        {"$dict": [[1, {"$bytes": ""}]]},
        {"$decimal": "1.10"},
        1 << 70,
    ]
    assert call(http, "http.shop.same", value) == value


def test_attributes_are_read_and_written(http: httpx.Client) -> None:
    path = "/objects/http.shop/attributes/motto"
    assert http.get(path).json() == {"value": "quality"}
    assert http.put(path, json={"value": "better"}).status_code == 204
    assert http.get(path).json() == {"value": "better"}
    assert http.put(path, json={"value": "quality"}).status_code == 204
    answer = http.put(path, json={"value": 5})
    assert (problem(answer), answer.json()["errors"][0]["pointer"]) == ("bad-argument", "/value")
    answer = http.put("/objects/http.shop/attributes/founded", json={"value": 5})
    assert (problem(answer), answer.headers["allow"]) == ("method-not-allowed", "GET")
    assert problem(http.get("/objects/http.shop/attributes/moto")) == "unknown-member"


JSON = {"Content-Type": "application/json"}
WRONG: list[tuple[str, str, dict[str, Any], str, int]] = [
    ("GET", "/objects/http.none", {}, "unknown-object", 404),
    ("GET", "/objects/secret.shop", {}, "not-exposed", 403),
    ("GET", "/objects/Pyro.NameServer", {}, "not-exposed", 403),
    ("GET", "/objects/PYRO:shop@localhost:1", {}, "not-exposed", 403),
    ("GET", "/objects/http.gone", {}, "unreachable", 502),
    ("GET", "/nothing", {}, "no-such-page", 404),
    ("GET", "/console/", {}, "no-such-page", 404),
    ("DELETE", "/objects", {}, "method-not-allowed", 405),
    ("POST", "/objects/http.shop/methods/ad", {}, "unknown-member", 404),
    ("POST", "/objects/http.shop/methods/__init__", {}, "unknown-member", 404),
    ("POST", "/objects/http.shop/methods/motto", {}, "unknown-member", 404),
    ("POST", "/objects/http.shop/methods/_pyroId", {}, "unknown-member", 404),
    ("POST", "/objects/http.shop/methods/add", {}, "bad-argument", 422),
    ("POST", "/objects/http.shop/methods/add", {"json": {"args": ["3"]}}, "bad-argument", 422),
    ("POST", "/objects/http.shop/methods/add", {"json": {"kwargs": {"a": "3"}}}, "bad-argument", 422),
    ("POST", "/objects/http.shop/methods/same", {"content": '["\\ud800"]', "headers": JSON}, "bad-json", 400),
    ("POST", "/objects/http.shop/methods/add", {"json": [3]}, "bad-json", 400),
    ("POST", "/objects/http.shop/methods/add", {"content": "{", "headers": JSON}, "bad-json", 400),
    ("POST", "/objects/http.shop/methods/add", {"content": "a=3"}, "bad-content-type", 415),
    ("POST", "/objects/http.shop/methods/same", {"json": {"args": ["x" * 10_000]}}, "body-too-large", 413),
    ("POST", "/objects/http.shop/methods/take", {"json": {"args": ["hammer"]}}, "remote-exception", 500),
    (
        "POST",
        "/objects/http.shop/methods/count",
        {"json": {"args": [3]}, "headers": {"Accept": "application/json"}},
        "not-acceptable",
        406,
    ),
    (
        "POST",
        "/objects/http.shop/methods/sleep",
        {"json": {"args": [2]}, "headers": {"Pyro-Timeout": "0.1"}},
        "deadline",
        504,
    ),
    ("POST", "/objects/http.shop/methods/opened", {"headers": {"Pyro-Timeout": "soon"}}, "bad-header", 400),
    ("POST", "/objects/http.shop/methods/opened", {"headers": {"Pyro-Oneway": "so"}}, "bad-header", 400),
    ("GET", "/objects", {"headers": {"X-Correlation-Id": "mine"}}, "bad-header", 400),
    ("GET", "/objects", {"headers": {"Host": "evil.example"}}, "wrong-host", 421),
    ("GET", "/objects", {"headers": {"Origin": "https://evil.example"}}, "other-origin", 403),
    ("OPTIONS", "/objects", {"headers": {"Origin": "https://evil.example"}}, "other-origin", 403),
    ("GET", "/pyro/http.shop/add?a=1&$key=secret", {}, "bad-request", 400),
]


@pytest.mark.parametrize(
    ("method", "path", "more", "kind", "status"),
    WRONG,
    ids=[f"{n}-{kind}" for n, (*_, kind, _) in enumerate(WRONG)],
)
def test_what_goes_wrong_has_its_status_and_a_stable_type(
    http: httpx.Client, method: str, path: str, more: dict[str, Any], kind: str, status: int
) -> None:
    answer = http.request(method, path, **more)
    assert (answer.status_code, problem(answer)) == (status, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


def test_a_wrong_argument_is_pointed_at(http: httpx.Client) -> None:
    body = {"kwargs": {"table": {"x": ["one"]}, "day": "tomorrow"}}
    document = http.post("/objects/http.shop/methods/faithful", json=body).json()
    assert {one["pointer"]: one["detail"] for one in document["errors"]} == {
        "/kwargs/table/x/0": "expected a whole number",
        "/kwargs/day": "expected a date such as 2024-02-29",
    }


def test_tracebacks_are_shown_only_if_the_operator_wants(objects: Objects, http: httpx.Client) -> None:
    path, body = "/objects/http.shop/methods/take", {"args": ["hammer"]}
    exception = http.post(path, json=body).json()["exception"]
    assert exception == {"type": "__main__.OutOfStock", "message": "only 0 of hammer left"}
    with gateway(objects.name_server, tracebacks=True) as client:
        exception = client.post(path, json=body).json()["exception"]
    assert "raise OutOfStock" in exception["traceback"]


def test_what_a_request_brings_along_reaches_the_object(http: httpx.Client) -> None:
    headers = {
        "X-Correlation-Id": CORRELATION,
        "Traceparent": TRACE,
        "Tracestate": "a=1",
        "Pyro-Timeout": "5",
    }
    answer = http.post("/objects/http.shop/methods/seen", headers=headers)
    assert answer.json()["result"] == {"correlation": CORRELATION, "trace": f"{TRACE}\na=1", "left": "some"}
    assert answer.headers["x-correlation-id"] == CORRELATION
    answer = http.post("/objects/http.shop/methods/seen")
    assert answer.json()["result"]["correlation"] == answer.headers["x-correlation-id"] != CORRELATION


def test_oneway_calls_are_accepted_and_not_waited_for(http: httpx.Client) -> None:
    assert http.post("/objects/http.shop/methods/note", json={"args": ["a"]}).status_code == 202
    answer = http.post("/objects/http.shop/methods/note?oneway=true", json={"args": ["b"]})
    assert (answer.status_code, answer.json()) == (202, {"result": None})
    until(lambda: call(http, "http.shop.notes")[-2:] == ["a", "b"])
    began = time.monotonic()
    headers = {"Pyro-Oneway": "true"}
    assert (
        http.post("/objects/http.shop/methods/sleep", json={"args": [2]}, headers=headers).status_code == 202
    )
    assert time.monotonic() - began < 1.5


def test_streams_come_as_events_and_end_with_their_reason(http: httpx.Client) -> None:
    path = "/objects/http.shop/methods/"
    with http.stream("POST", f"{path}count", json={"args": [3]}, headers=EVENTS) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert list(events(answer)) == [("item", 0), ("item", 1), ("item", 2), ("end", {"items": 3})]
    with http.stream("POST", f"{path}breaks", headers=EVENTS) as answer:
        first, (kind, document) = events(answer)
    assert (first, kind) == (("item", 1), "problem")
    assert document["exception"] == {"type": "ValueError", "message": "no more numbers"}


def test_who_takes_only_events_gets_results_and_problems_as_such(http: httpx.Client) -> None:
    path = "/objects/http.shop/methods/"

    def told(method: str, *args: Any) -> list[tuple[str, Any]]:
        with http.stream("POST", f"{path}{method}", json={"args": args}, headers=EVENTS) as answer:
            assert answer.status_code == 200
            return list(events(answer))

    assert told("add", 1) == [("result", 3)]
    assert told("note", "x") == [("sent", None)]
    ((kind, document),) = told("add", "x")
    assert (kind, document["status"], document["errors"][0]["pointer"]) == ("problem", 422, "/args/0")


def test_a_stream_ends_there_when_the_client_goes_away(http: httpx.Client) -> None:
    body = {"args": [1_000_000, 0.01]}
    with http.stream("POST", "/objects/http.shop/methods/count", json=body, headers=EVENTS) as answer:
        told = events(answer)
        assert next(told) == ("item", 0)
        assert call(http, "http.shop.opened") == 1
    until(lambda: call(http, "http.shop.opened") == 0)


def test_a_call_that_is_asked_for_as_events_is_taken_back_with_its_client(http: httpx.Client) -> None:
    path = "/objects/http.shop/methods/wait"
    with http.stream("POST", path, headers=EVENTS) as answer:
        lines = answer.iter_lines()  # which closes the response when nobody has it any more
        assert next(lines) == ": nothing happens"
        assert "cancelled" not in call(http, "http.shop.notes")
    until(lambda: "cancelled" in call(http, "http.shop.notes"))


def test_a_client_that_does_not_read_makes_the_object_wait(http: httpx.Client) -> None:
    body = {"args": [10_000_000]}
    with http.stream("POST", "/objects/http.shop/methods/count", json=body, headers=EVENTS) as answer:
        told = events(answer)
        assert next(told) == ("item", 0)
        before = -1
        while (now := call(http, "http.shop.counted")) != before:  # until it waits
            before = now
            call(http, "http.shop.sleep", 0.3)
        assert 0 < now < 1_000_000
    until(lambda: call(http, "http.shop.opened") == 0)


def ws(http: httpx.Client, path: str) -> str:
    return f"ws://localhost:{http.base_url.port}{path}"


def test_streams_come_over_websockets(http: httpx.Client) -> None:
    path = ws(http, "/objects/http.shop/streams/")
    with connect(f"{path}count", subprotocols=["pyro.stream.v1"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "pyro.stream.v1"
        socket.send('{"args": [2]}')
        assert list(socket) == ['{"item":0}', '{"item":1}', '{"end":{"items":2}}']
    with connect(f"{path}add") as socket:
        socket.send('{"kwargs": {"a": 1}}')
        assert list(socket) == ['{"result":3}']
    with connect(f"{path}breaks") as socket:
        socket.send("{}")
        assert socket.recv() == '{"item":1}'
        assert '"message":"no more numbers"' in str(socket.recv())
    for message, kind in (('{"args": ["x"]}', "bad-argument"), ("{", "bad-json"), (b"{}", "bad-json")):
        with connect(f"{path}count") as socket:
            socket.send(message)
            assert f'"type":"/problems/{kind}"' in str(socket.recv())


def test_a_websocket_ends_its_stream(http: httpx.Client) -> None:
    path = ws(http, "/objects/http.shop/streams/count")
    for farewell in ('{"stop": true}', None):
        with connect(path) as socket:
            socket.send('{"args": [1000000, 0.01]}')
            assert socket.recv() == '{"item":0}'
            assert call(http, "http.shop.opened") == 1
            if farewell:
                socket.send(farewell)
                until(lambda: call(http, "http.shop.opened") == 0)
        until(lambda: call(http, "http.shop.opened") == 0)


def test_websockets_are_refused_as_requests_are(http: httpx.Client) -> None:
    for path, headers, status in (
        ("/objects/http.none/streams/count", {}, 404),
        ("/objects/http.shop/streams/none", {}, 404),
        ("/other", {}, 404),
        ("/objects/http.shop/streams/count", {"Origin": "https://evil.example"}, 403),
    ):
        with pytest.raises(InvalidStatus) as caught, connect(ws(http, path), additional_headers=headers):
            pass
        assert caught.value.response.status_code == status


def test_names_are_told_of_as_they_come_and_go(objects: Objects, http: httpx.Client) -> None:
    with http.stream("GET", "/names/events", headers=EVENTS) as answer:
        told = events(answer)
        seen = [next(told) for _ in range(6)]
        assert [kind for kind, _ in seen] == ["reset", "added", "added", "added", "added", "current"]
        objects.tell("register http.lamp 3")
        kind, event = next(told)
        assert (kind, event["name"], event["tags"]) == ("added", "http.lamp", ["leased"])
        assert event["lease"]["ttl_s"] == 3.0
        left = []
        for kind, event in told:
            if kind != "leases":
                break
            left.append(event["left_s"]["http.lamp"])
        assert 3.0 >= left[0] >= left[-1] >= 0
        assert (kind, event) == ("expired", {"kind": "expired", "name": "http.lamp"})
        objects.tell("register http.lamp 30")
        assert next(told)[0] == "added"
        objects.tell("register secret.lamp 30")
        objects.tell("remove http.lamp")
        assert next(told) == ("removed", {"kind": "removed", "name": "http.lamp"})


def test_signs_of_life_are_passed_on(http: httpx.Client) -> None:
    answer = http.get("/objects/http.shop/ping").json()
    assert answer["up"]
    assert answer["milliseconds"] > 0
    assert http.get("/objects/http.gone/ping").json()["up"] is False
    never = http.get("/objects/http.never/ping").json()
    assert never["up"] is False
    assert "http.never" in never["detail"]
    assert http.get("/livez").text == "ok\n"
    assert http.get("/readyz").text == "ok\n"
    figures = http.get("/metrics").text
    assert 'pyro_http_requests_total{route="ping",status="200"}' in figures
    assert "\npyro_http_ready 1\n" in figures
    assert http.get("/problems/deadline").json()["status"] == 504


def test_tokens_let_in_and_an_authorizer_decides(objects: Objects) -> None:
    token, other = "the-token-of-ann-is-long", "the-token-of-bob-is-long"
    tokens = Tokens({"ann": token, "bob": other}, roles={"ann": ["buyer"]})
    permissions = AllowMethods({"role:buyer": {"http.shop": ["add", "motto"]}})
    with gateway(objects.name_server, authenticate=[tokens], authorize=permissions) as client:
        assert client.get("/livez").status_code == 200
        answer = client.get("/objects")
        assert (problem(answer), answer.headers["www-authenticate"]) == (
            "unauthorized",
            'Bearer realm="pyro"',
        )
        client.headers["Authorization"] = f"Bearer {token}"
        assert [one["name"] for one in client.get("/objects").json()["objects"]] == ["http.shop"]
        assert call(client, "http.shop.add", 1) == 3
        assert problem(client.post("/objects/http.shop/methods/opened")) == "forbidden"
        assert client.get("/objects/http.shop/attributes/motto").status_code == 200
        answer = client.put("/objects/http.shop/attributes/motto", json={"value": "mine"})
        assert problem(answer) == "forbidden"
        assert answer.json()["detail"].startswith("ann (token) may not set 'motto' of 'http.shop' here; ask")
        assert client.get("/pyro/http.shop/motto").status_code == 200
        assert problem(client.get("/pyro/http.shop/opened")) == "forbidden"
        assert problem(client.get("/objects/http.clock")) == "forbidden"
        paths = client.get("/openapi.json").json()["paths"]
        assert "/objects/http.shop" in paths
        assert "/objects/http.clock" not in paths
        client.headers["Authorization"] = f"Bearer {other}"
        assert client.get("/objects").json() == {"objects": []}
        client.headers["Authorization"] = "Bearer wrong"
        kinds = [problem(client.get("/objects")) for _ in range(12)]
        assert set(kinds) == {"unauthorized", "too-many-requests"}


def test_limits_of_rate_streams_and_pages(objects: Objects) -> None:
    with gateway(
        objects.name_server, rate_per_s=0.01, burst=7, max_streams=1, cors_origins=("https://app.example",)
    ) as client:
        origin = {"Origin": "https://app.example"}
        answer = client.options("/objects", headers={**origin, "Access-Control-Request-Method": "GET"})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert client.get("/objects", headers=origin).headers["access-control-allow-origin"]
        count = "/objects/http.shop/methods/count"
        with client.stream("GET", "/names/events", headers=EVENTS):
            assert problem(client.get("/names/events", headers=EVENTS)) == "overloaded"
            assert problem(client.post(count, json={"args": [9]}, headers=EVENTS)) == "overloaded"
            assert problem(client.post(count, json={"args": [9]})) == "overloaded"
        statuses = [client.get("/objects").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


def test_bodies_and_requests_at_a_time_are_limited(objects: Objects, http: httpx.Client) -> None:
    path = "/objects/http.shop/methods/same"
    fits = '{"args": ["%s"]}' % ("x" * (10_000 - len('{"args": [""]}')))
    assert http.post(path, content=fits, headers=JSON).status_code == 200
    assert problem(http.post(path, content=f"{fits} ", headers=JSON)) == "body-too-large"

    def chunks() -> Iterator[bytes]:
        yield fits.encode()
        yield b" "

    assert problem(http.post(path, content=chunks(), headers=JSON)) == "body-too-large"
    with gateway(objects.name_server, max_calls=1) as client:
        body = {"args": [2]}
        waiting = threading.Thread(
            target=client.post, args=("/objects/http.shop/methods/sleep",), kwargs={"json": body}
        )
        waiting.start()
        until(lambda: client.get("/objects").status_code == 503)
        waiting.join()
        assert client.get("/objects").status_code == 200


def test_the_classic_form(http: httpx.Client) -> None:
    assert http.get("/", follow_redirects=True).url.path == "/pyro/"
    assert "<code>http.shop</code>" in http.get("/pyro/").text
    meta = http.get("/pyro/http.plain/$meta").json()
    assert meta == {"methods": ["add", "join", "keep", "note", "numbers", "pick"], "attributes": ["size"]}
    answer = http.get("/pyro/http.shop/same?value=1", headers={"X-Pyro-Correlation-Id": CORRELATION})
    assert (answer.json(), answer.headers["x-pyro-correlation-id"]) == ("1", CORRELATION)
    assert http.get("/pyro/http.shop/same?value=1&value=2").json() == ["1", "2"]
    assert http.post("/pyro/http.shop/same", data={"value": "ä"}).json() == "ä"
    assert http.get("/pyro/http.shop/motto").json() == "quality"
    oneway = {"X-Pyro-Options": "oneway"}
    assert http.get("/pyro/http.shop/sleep?seconds=1", headers=oneway).content == b""
    assert problem(http.get("/pyro/http.shop/count?until=3")) in ("remote-exception", "not-acceptable")
    assert problem(http.get("/pyro/secret.shop/$meta")) == "not-exposed"


@pytest.mark.parametrize("program", ["curl", "node"])
def test_the_classic_form_from_another_language(http: httpx.Client, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    same = str(http.base_url.join("/pyro/http.shop/same"))
    if program == "curl":
        done = processes.run(["curl", "-sS", "--data-urlencode", "value=a b", same])
    else:
        script = f"""
            const answer = await fetch("{same}?value=a%20b");
            console.log(JSON.stringify(await answer.json()));
        """
        done = processes.run(["node", "--input-type=module", "-e", script])
    assert done.stdout.strip() == '"a b"'


def test_many_clients_share_connections_and_do_not_wait_for_each_other(http: httpx.Client) -> None:
    began = time.monotonic()
    threads = [threading.Thread(target=call, args=(http, "http.shop.sleep", 0.5)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2.5
    figures = http.get("/metrics").text
    assert "\npyro_http_daemon_connections 1\n" in figures


@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_daemons_and_name_servers_are_offered_too(generation: str) -> None:
    python = stock_python()
    with (
        processes.server("stock_name_server.py", generation, python=python) as names,
        processes.server("stock_server.py", generation, python=python) as uri,
    ):
        location = names.partition("@")[2]
        with locate_ns(*location.split(":")[:1], int(location.split(":")[1])) as remote:
            remote.register("http.thing", uri)
        with gateway(location) as client:
            assert call(client, "http.thing.echo", [1, "a"]) == [1, "a"]
            assert [one["name"] for one in client.get("/objects").json()["objects"]] == ["http.thing"]
            described = client.get("/objects/http.thing").json()
            assert "echo" in {one["name"] for one in described["methods"]}
            with client.stream(
                "POST", "/objects/http.thing/methods/count_to", json={"args": [3]}, headers=EVENTS
            ) as answer:
                assert [kind for kind, _ in events(answer)] == ["item", "item", "item", "end"]
            assert problem(client.post("/objects/http.thing/methods/none")) == "unknown-member"
            waiting = threading.Thread(target=call, args=(client, "http.thing.wait_for_note"))
            waiting.start()  # which takes one connection, as stock daemons do one call at a time on each

            def answers_beside_it() -> bool:
                assert call(client, "http.thing.add", 1) == 2
                return "\npyro_http_daemon_connections 2\n" in client.get("/metrics").text

            until(answers_beside_it)
            assert waiting.is_alive()
            assert client.post("/objects/http.thing/methods/note", json={"args": ["x"]}).status_code == 202
            waiting.join(PATIENCE_S)
            assert not waiting.is_alive()


def test_a_gateway_gets_along_without_its_name_server_for_a_while(objects: Objects) -> None:
    with start_ns(port=0, broadcast=False) as names:
        port = names.uri.port or 0
        with locate_ns(objects.name_server) as known:
            shop = str(known.lookup("http.shop"))
        names.registry.register("http.shop", shop)
        with (
            gateway(f"localhost:{port}") as client,
            client.stream("GET", "/names/events", headers=EVENTS) as answer,
        ):
            told = events(answer)
            assert [next(told)[0] for _ in range(3)] == ["reset", "added", "current"]
            names.close()
            kind, event = next(told)
            assert (kind, event["problem"][:15]) == ("current", "the name server")
            assert client.get("/readyz").status_code == 503
            assert problem(client.get("/objects")) == "no-name-server"
            assert problem(client.get("/objects/http.other")) == "no-name-server"
            assert call(client, "http.shop.add", 1) == 3
            with start_ns(port=port, broadcast=False) as again:
                again.registry.register("http.again", shop)
                until(lambda: "http.again" in client.get("/objects").text)
                assert client.get("/readyz").status_code == 200
                assert next(told)[0] == "reset"
                assert call(client, "http.again.add", 1) == 3


@pytest.mark.parametrize("signal", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_a_gateway_stops_when_it_is_told_although_streams_are_open(
    objects: Objects, signal: signal.Signals
) -> None:
    command = [processes.sys.executable, "-m", "pyro_cli", "gateway", "serve", "--port", "0"]
    with processes.running([*command, "--ns", objects.name_server]) as process:
        url = processes.wait_for(process, "Pyro HTTP gateway on ").rpartition(" ")[2]
        processes.wait_for(process, "Everybody who can reach it")
        with httpx.stream("GET", f"{url}/names/events", headers=EVENTS, timeout=PATIENCE_S) as answer:
            told = events(answer)
            assert next(told)[0] == "reset"
            process.send_signal(signal)
            assert "current" in [kind for kind, _ in told]  # and no more
        assert process.stdout is not None
        assert process.stdout.read() == "Gateway stopped.\n"
        assert process.wait(PATIENCE_S) == 0
