"""Our module ``Pyro4`` and stock Pyro4 talk to each other, with every serializer, in both directions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processes
import pytest
from stock_env import stock_python
from test_stock_clients import BROKEN_IN_STOCK_MARSHAL, METHODS
from test_tls_stock_peers import both_ways, variables

from pyro_core.testing.certificates import Authority, have_openssl

SERIALIZERS = ["serpent", "json", "marshal", "msgpack", "pickle"]
PAIRS = [("facade", "facade"), ("facade", "stock"), ("stock", "facade")]
EXPECTED: dict[str, Any] = {
    "call": [5, 7, None, {"a": [1, 2.5, True, None], "b": "h\xe9\u20ac"}],
    "attributes": [17, 99],
    "exception_attribute": [["bad", 42], "attached"],
    "oneway": [None, "hello"],
    "batch": [3, "x", "ZeroDivisionError"],
    "batch_oneway": [None, "from a batch"],
    "stream": [1, 2, 3, 4],
    "stream_closed": [1, True],
    "wire_ping": 2,
    "daemon_object": [None, True, True],
    "compression": True,
    "annotations": [{"TEST": "from the client"}, "from the server"],
    "blob": [[1, 2], [3]],
    "correlation": "11112222-3333-4444-5555-666677778888",
}


def python_of(who: str) -> Path:
    return stock_python() if who == "stock" else Path(sys.executable)


@pytest.fixture(
    scope="module",
    params=[f"{client}-{server}-{kind}" for client, server in PAIRS for kind in ("thread", "multiplex")],
)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    client, server, servertype = request.param.split("-")
    with processes.server(
        "stock_server.py", "4", python=python_of(server), env={"PYRO_SERVERTYPE": servertype}
    ) as uri:
        yield client, server, uri


@pytest.fixture(scope="module")
def reports(pair: tuple[str, str, str]) -> dict[str, dict[str, Any]]:
    """Serializer -> what the client reports."""
    client, _, uri = pair
    return {
        serializer: processes.outcomes(python_of(client), "stock_client.py", "4", uri, serializer)
        for serializer in SERIALIZERS
    }


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("scenario", EXPECTED)
def test_every_kind_of_call(
    pair: tuple[str, str, str], reports: dict[str, dict[str, Any]], serializer: str, scenario: str
) -> None:
    if "stock" in pair[:2] and serializer == "marshal" and scenario in BROKEN_IN_STOCK_MARSHAL:
        pytest.skip("stock cannot do this with marshal")
    assert reports[serializer][scenario] == EXPECTED[scenario]


@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_messages_signed_with_a_shared_key(client: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_KEY", "secret")
    with processes.server("stock_server.py", "4", python=python_of(server)) as uri:
        report = processes.outcomes(python_of(client), "stock_client.py", "4", uri, "serpent")
        monkeypatch.setenv("SHARED_KEY", "another")
        refused = processes.outcomes(python_of(client), "stock_client.py", "4", uri, "serpent")
    expected = dict(EXPECTED)
    if client == "stock":
        del expected["wire_ping"]  # it signs the ping, and expects an answer without a signature
    assert {name: report[name] for name in expected} == expected
    assert {answer["raised"] for answer in refused.values()} <= {"CommunicationError", "SecurityError"}


@pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")
@both_ways
@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_encrypted_connections(client: str, server: str, mutual: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    env = variables(authority.server(), authority.client("alice"), mutual=mutual)
    with processes.server("stock_server.py", "4", python=python_of(server), env=env) as uri:
        report = processes.outcomes(python_of(client), "stock_client.py", "4", uri, "serpent", env=env)
    assert {name: report[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("serializer", ["serpent", "json"])
@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_stock_is_not_disturbed_by_those_who_keep_types(client: str, server: str, serializer: str) -> None:
    env = {"PYRO_FAITHFUL_TYPES": "on"}
    with processes.server("stock_server.py", "4", python=python_of(server), env=env) as uri:
        report = processes.outcomes(python_of(client), "stock_client.py", "4", uri, serializer, env=env)
    assert {name: report[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_an_exception_has_the_remote_traceback(reports: dict[str, dict[str, Any]], serializer: str) -> None:
    assert reports[serializer]["exception"]["raised"] == "ZeroDivisionError"
    assert "return a // b" in reports[serializer]["exception"]["traceback"]


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_members_are_known(reports: dict[str, dict[str, Any]], serializer: str) -> None:
    methods, oneway, attributes = reports[serializer]["metadata"]
    assert (methods, oneway, attributes) == (METHODS, ["note"], ["value"])
