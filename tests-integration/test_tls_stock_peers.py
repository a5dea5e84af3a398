"""TLS with peers of both stock generations, in both directions, with and without client certificates."""

import asyncio

import processes
import pytest
from stock_env import stock_python
from tls_pairs import FACES, SERVER_TYPES, settings

from pyro_client import AsyncProxy, Proxy
from pyro_core import TLS
from pyro_core.testing.certificates import Authority, have_openssl

pytestmark = pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")

generations = pytest.mark.parametrize("generation", ["4", "5"])
both_ways = pytest.mark.parametrize("mutual", [False, True], ids=["one-way", "mutual"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def variables(server: TLS, client: TLS, *, mutual: bool) -> dict[str, str]:
    """The environment in which a stock peer, or one of ours, speaks TLS."""
    return {
        "PYRO_SSL": "1",
        "PYRO_SSL_SERVERCERT": server.certfile or "",
        "PYRO_SSL_SERVERKEY": server.keyfile or "",
        "PYRO_SSL_CLIENTCERT": (client.certfile or "") if mutual else "",
        "PYRO_SSL_CLIENTKEY": (client.keyfile or "") if mutual else "",
        "PYRO_SSL_REQUIRECLIENTCERT": "1" if mutual else "0",
        "PYRO_SSL_CACERTS": client.cafile or "",
    }


@generations
@both_ways
@pytest.mark.parametrize("servertype", ["thread", "multiplex"])
@pytest.mark.parametrize("face", FACES)
def test_our_clients_call_stock_servers(
    authority: Authority, generation: str, mutual: bool, servertype: str, face: str
) -> None:
    server, client = authority.server(), authority.client("alice")
    env = {**variables(server, client, mutual=mutual), "PYRO_SERVERTYPE": servertype}
    tls = client if mutual else authority.client()
    large = "x" * 300_000
    with processes.server("stock_server.py", generation, python=stock_python(), env=env) as uri:
        if face == "sync":
            with Proxy(uri, settings=settings(tls)) as proxy:
                assert proxy.add(2, 3) == 5
                assert proxy.echo(large) == large
                assert list(proxy.count_to(3)) == [1, 2, 3]
            return

        async def call() -> None:
            async with AsyncProxy(uri, settings=settings(tls)) as proxy:
                assert await proxy.add(2, 3) == 5
                assert await proxy.echo(large) == large

        asyncio.run(call())


@generations
@both_ways
@pytest.mark.parametrize("servertype", SERVER_TYPES)
def test_stock_clients_call_our_servers(
    authority: Authority, generation: str, mutual: bool, servertype: str
) -> None:
    env = variables(authority.server(), authority.client("alice"), mutual=mutual)
    with processes.server("our_server.py", servertype, env=env) as uri:
        uri = uri.replace("thing-4", f"thing-{generation}")
        report = processes.outcomes(stock_python(), "stock_client.py", generation, uri, "serpent", env=env)
    assert report["call"] == [5, 7, None, {"a": [1, 2.5, True, None], "b": "h\xe9\u20ac"}]
    assert report["oneway"] == [None, "hello"]
    assert not [name for name, result in report.items() if "ssl" in str(result).lower()]
