"""Runs every behaviour of this folder with every combination."""

import inspect
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import processes
import pytest

sys.path.insert(0, str(processes.PEERS))

from behaviour.blocking import BlockingClient, LongBlockingClient
from behaviour.clients import Client, Combination
from behaviour.exceptions import reason_against
from behaviour.looping import AsyncioClient, LongAsyncioClient
from behaviour.servers import ELSEWHERE, OURS, SERIALIZERS, STOCK, TRANSPORTS, Servers

CLIENTS = {"sync": BlockingClient, "async": AsyncioClient}
LONG_WAYS = {"sync_long": LongBlockingClient, "async_long": LongAsyncioClient}
"""The same without any short way, on which most calls of the others go."""
COMBINATIONS = [
    *(Combination(*words) for words in product(LONG_WAYS, OURS, ["tcp"], ["msgpack"])),
    *(Combination(*words) for words in product(CLIENTS, OURS, TRANSPORTS, SERIALIZERS)),
    *(Combination(*words) for words in product(CLIENTS, STOCK, ["tcp"], SERIALIZERS)),
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "any_serializer: takes its time, has nothing to do with serializers, is run with one"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" not in metafunc.fixturenames:
        return
    behaviour = metafunc.function.__name__.removeprefix("test_")
    one = metafunc.definition.get_closest_marker("any_serializer") is not None
    params = []
    for combination in COMBINATIONS:
        if one and combination.serializer != SERIALIZERS[0]:
            continue
        reason = reason_against(behaviour, combination)
        marks = [pytest.mark.skip(reason=reason)] if reason else []
        params.append(pytest.param(combination, id="-".join(combination), marks=marks))
    metafunc.parametrize("client", params, indirect=True, scope="package")


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    servers = Servers(Path(tmp_path_factory.mktemp("b")))
    yield servers
    servers.close()


@pytest.fixture(scope="package")
def client(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Client]:
    combination: Combination = request.param
    client = {**CLIENTS, **LONG_WAYS}[combination.client](
        servers.uri(combination.server, combination.transport),
        servers.uri(*ELSEWHERE),
        servers.client_settings(combination.transport, combination.serializer),
        combination,
    )
    yield client
    client.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Let the client carry out what is a coroutine."""
    client = pyfuncitem.funcargs.get("client")
    if client is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    client.run(pyfuncitem.obj(**arguments))
    return True
