"""Clients of both stock generations call our server: every kind of call, on one port, at the same time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import processes
import pytest
from stock_env import stock_python

GENERATIONS = ["4", "5"]
SERIALIZERS = ["serpent", "json", "marshal", "msgpack"]
METHODS = [
    "add", "annotations", "blob", "correlation", "count_to", "divide", "echo", "fail_with_attribute",
    "fail_with_own_class", "leave", "note", "wait_for_close", "wait_for_note",
]  # fmt: skip
BROKEN_IN_STOCK_MARSHAL = {"attributes", "batch", "batch_oneway"}
"""A stock client of either generation cannot encode these with marshal."""

Report = dict[str, Any]


@pytest.fixture(scope="module", params=["threaded", "multiplex", "asyncio"])
def our_server(request: pytest.FixtureRequest) -> Iterator[str]:
    with processes.server("our_server.py", request.param) as uri:
        yield uri


@pytest.fixture(scope="module")
def reports(our_server: str) -> dict[tuple[str, str], Report]:
    """(generation, serializer) -> what a client reports; clients of both generations run at the same time."""
    stock = stock_python()

    def reported(generation: str) -> dict[tuple[str, str], Report]:
        uri = our_server.replace("thing-4", f"thing-{generation}")
        return {
            (generation, serializer): processes.outcomes(
                stock, "stock_client.py", generation, uri, serializer
            )
            for serializer in SERIALIZERS
        }

    with ThreadPoolExecutor(len(GENERATIONS)) as pool:
        return dict(pair for found in pool.map(reported, GENERATIONS) for pair in found.items())


@pytest.fixture(params=[f"{g}-{s}" for g in GENERATIONS for s in SERIALIZERS])
def client(request: pytest.FixtureRequest, reports: dict[tuple[str, str], Report]) -> Report:
    generation, _, serializer = request.param.partition("-")
    report = dict(reports[generation, serializer])
    if serializer == "marshal":
        for scenario in BROKEN_IN_STOCK_MARSHAL:
            del report[scenario]
    return report


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("call", [5, 7, None, {"a": [1, 2.5, True, None], "b": "h\xe9\u20ac"}]),
        ("attributes", [17, 99]),
        ("exception_attribute", [["bad", 42], "attached"]),
        ("oneway", [None, "hello"]),
        ("batch", [3, "x", "ZeroDivisionError"]),
        ("batch_oneway", [None, "from a batch"]),
        ("stream", [1, 2, 3, 4]),
        ("stream_closed", [1, True]),
        ("metadata", [METHODS, ["note"], ["value"]]),
        ("wire_ping", 2),
        ("daemon_object", [None, True, True]),
        ("compression", True),
        ("annotations", [{"TEST": "from the client"}, "from the server"]),
        ("blob", [[1, 2], [3]]),
        ("correlation", "11112222-3333-4444-5555-666677778888"),
    ],
)
def test_a_stock_client_gets_what_a_stock_server_would_give(
    client: Report, scenario: str, expected: object
) -> None:
    if scenario not in client:
        pytest.skip("a stock client cannot encode this with marshal")
    assert client[scenario] == expected


def test_an_exception_arrives_as_its_own_type_with_the_remote_traceback(client: Report) -> None:
    assert client["exception"]["raised"] == "ZeroDivisionError"
    assert "return a // b" in client["exception"]["traceback"]


def test_an_exception_class_that_the_client_does_not_know_leaves_the_connection_alive(client: Report) -> None:
    assert client["exception_own"] == ["SerializeError", 2]


def test_a_method_that_raises_system_exit_is_answered_and_the_connection_lives(client: Report) -> None:
    """A6."""
    assert client["survives_exit"] == ["SystemExit", 2]


def test_a_private_method_is_refused(client: Report) -> None:
    assert client["private"]["raised"] == "AttributeError"


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_unknown_object_is_refused_in_the_clients_own_serializer(
    our_server: str, generation: str, serializer: str
) -> None:
    nobody = our_server.replace("PYRO:thing-4@", "PYRO:nobody@")
    done = processes.run(
        [stock_python(), processes.PEERS / "unknown_object.py", generation, nobody, serializer]
    )
    assert done.stdout.startswith("CommunicationError")
    assert "rejected: unknown object" in done.stdout
