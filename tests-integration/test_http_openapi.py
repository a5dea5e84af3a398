"""What the gateway says about itself: valid OpenAPI, and true."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from http_gateways import PATIENCE_S, Objects, call, gateway, running_objects
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from starlette.applications import Starlette
from starlette.routing import Mount
from websockets.sync.client import connect

from pyro_core.features import AUTO
from pyro_core.settings import ClientSettings
from pyro_http import Gateway, GatewaySettings

EXAMPLES = 4
"""Made-up requests for each operation: most of what there is to find, in a few seconds."""


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with running_objects() as running:
        yield running


@pytest.fixture(scope="module")
def http(objects: Objects) -> Iterator[httpx.Client]:
    with gateway(objects.name_server) as client:
        yield client


def test_the_document_is_valid_and_has_the_types_of_the_methods(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    validate(document, cls=OpenAPIV31SpecValidator)
    add = document["paths"]["/objects/http.shop/methods/add"]["post"]
    assert add["summary"] == "The sum of two numbers."
    by_name, by_position = add["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert by_name["properties"]["kwargs"]["required"] == ["a"]
    assert by_position["properties"]["args"]["prefixItems"][0] == {"type": "integer"}
    result = add["responses"]["200"]["content"]["application/json"]["schema"]
    assert result["properties"] == {"result": {"type": "integer"}}
    assert "202" in document["paths"]["/objects/http.shop/methods/note"]["post"]["responses"]
    count = document["paths"]["/objects/http.shop/methods/count"]["post"]["responses"]["200"]
    assert count["content"]["text/event-stream"]["x-item-schema"] == {"type": "integer"}
    motto = document["paths"]["/objects/http.shop/attributes/motto"]
    assert list(motto) == ["get", "put"]
    assert list(document["paths"]["/objects/http.shop/attributes/founded"]) == ["get"]
    assert "/objects/secret.shop" not in document["paths"]
    assert not any("http.gone/" in path and "ping" not in path for path in document["paths"])


def test_no_made_up_request_finds_an_error(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    shop = [path for path in document["paths"] if path.startswith("/objects/http.shop")]
    for path in shop:  # its exceptions are meant
        del document["paths"][path]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(http.base_url))
    wanted = settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        takes_input = bool(len(operation.body) or len(operation.query))
        for mode in schemathesis.GenerationMode:
            if mode.is_negative and not takes_input:
                continue
            strategy = operation.as_strategy(generation_mode=mode)
            _run(strategy, wanted)
            asked += EXAMPLES
    assert asked > 80


def _run(strategy: Any, wanted: settings) -> None:
    @wanted
    @given(case=strategy)
    def check(case: Any) -> None:
        case.call_and_validate()

    check()


@contextmanager
def serving(app: Starlette) -> Iterator[httpx.Client]:
    """Any application, served by uvicorn as it comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            port = listening.getsockname()[1]
            with httpx.Client(base_url=f"http://localhost:{port}", timeout=PATIENCE_S) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def mounted(objects: Objects, **more: Any) -> Gateway:
    client_settings = ClientSettings(ns_host=objects.name_server, serializer=AUTO, broadcast_addresses=())
    return Gateway(GatewaySettings(**more), client_settings=client_settings)


def test_it_can_be_a_part_of_another_application(objects: Objects) -> None:
    gate = mounted(objects, console=True)
    with serving(Starlette(routes=[Mount("/remote", app=gate)], lifespan=gate.lifespan)) as client:
        assert call(client, "http.shop.add", 1, before="/remote") == 3
        assert client.get("/remote/openapi.json").json()["servers"] == [{"url": "/remote"}]
        assert client.get("/remote/").headers["location"] == "/remote/console/"
        assert "console.css" in client.get("/remote/console/").text
        url = f"ws://localhost:{client.base_url.port}/remote/objects/http.shop/streams/count"
        with connect(url) as stream:
            stream.send('{"args": [1]}')
            assert list(stream) == ['{"item":0}', '{"end":{"items":1}}']


def test_it_begins_with_the_first_request_where_nobody_tells_it_to(objects: Objects) -> None:
    gate = mounted(objects)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        assert gate.directory.problem == "not asked yet"
        yield
        await gate.close()

    with serving(Starlette(routes=[Mount("/remote", app=gate)], lifespan=lifespan)) as client:
        assert len(client.get("/remote/objects").json()["objects"]) == 4
