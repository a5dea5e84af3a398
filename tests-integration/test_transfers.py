"""Long transfers tell how far they are, and can be given up."""

import asyncio
import mmap
from pathlib import Path

import pytest

from pyro_client import AsyncProxy, Proxy, Transfer
from pyro_server import Daemon, expose

SIZE = 8 << 20


class Enough(Exception):
    """Somebody gives up."""


@expose
class Camera:
    def frame(self, size: int) -> bytes:
        return bytes(size)

    def keep(self, data: bytes) -> tuple[int, bytes]:
        return len(data), data[-4:]

    def add(self, a: int, b: int) -> int:
        return a + b


@pytest.fixture(params=["msgpack", "serpent"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> "object":
    monkeypatch.setenv("PYRO_SERIALIZER", request.param)
    with Daemon() as daemon:
        daemon.start()
        with Proxy(daemon.register(Camera())) as proxy:
            yield proxy


def test_a_long_transfer_tells_how_far_it_is(proxy: Proxy) -> None:
    told: list[Transfer] = []
    proxy._pyro.on_transfer = told.append
    assert proxy.add(1, 2) == 3
    assert told == []
    assert len(proxy.frame(SIZE)) == SIZE
    assert proxy.keep(bytes(SIZE)) == (SIZE, bytes(4))
    for direction in ("receive", "send"):
        mine = [each for each in told if each.direction == direction]
        done = [each.done_bytes for each in mine]
        assert len(mine) > 8
        assert done == sorted(done)
        assert {each.total_bytes for each in mine} == {done[-1]}
        assert done[-1] >= SIZE
    told.clear()
    proxy._pyro.on_transfer = None
    assert len(proxy.frame(SIZE)) == SIZE
    assert told == []


@pytest.mark.parametrize("direction", ["send", "receive"])
def test_raising_gives_the_transfer_up_and_the_next_call_works(proxy: Proxy, direction: str) -> None:
    def stop(transfer: Transfer) -> None:
        if transfer.done_bytes > SIZE // 2:
            raise Enough

    proxy._pyro.on_transfer = stop
    with pytest.raises(Enough):
        proxy.frame(SIZE) if direction == "receive" else proxy.keep(bytes(SIZE))
    proxy._pyro.on_transfer = None
    assert proxy.add(1, 2) == 3


@pytest.mark.parametrize("size", [5, 8 << 20])
def test_a_file_travels_as_what_it_is_mapped_to(proxy: Proxy, tmp_path: Path, size: int) -> None:
    path = tmp_path / "frame"
    path.write_bytes(bytes(size - 4) + b"last")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert proxy.keep(mapped) == (size, b"last")


async def transfers_of(uri: str) -> None:
    told: list[Transfer] = []
    async with AsyncProxy(uri) as proxy:
        proxy._pyro.on_transfer = told.append
        assert await proxy.add(1, 2) == 3
        assert told == []
        assert len(await proxy.frame(SIZE)) == SIZE
        assert await proxy.keep(bytes(SIZE)) == (SIZE, bytes(4))
        for direction in ("receive", "send"):
            done = [each.done_bytes for each in told if each.direction == direction]
            assert done == sorted(done)
            assert done[-1] >= SIZE
        assert len([each for each in told if each.direction == "receive"]) > 8

        def stop(transfer: Transfer) -> None:
            raise Enough

        for give_up in (lambda: proxy.frame(SIZE), lambda: proxy.keep(bytes(SIZE))):
            proxy._pyro.on_transfer = stop
            with pytest.raises(Enough):
                await give_up()
            proxy._pyro.on_transfer = None
            assert await proxy.add(1, 2) == 3


def test_the_same_on_an_event_loop(proxy: Proxy) -> None:
    asyncio.run(transfers_of(str(proxy._pyro.uri)))
