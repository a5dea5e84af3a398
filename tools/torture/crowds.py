"""Crowds of peers that behave badly, in one process on an event loop.

Prints ``ready`` when all of them are there, and ends when its standard input closes.

Usage: python crowds.py URI TLS_URI KIND=COUNT ...
"""

import asyncio
import random
import socket
import ssl
import struct
import sys
import threading
import zlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Self

from pyro_core import features, plugins
from pyro_core.client_session import ClientSession
from pyro_core.convert import ClassRules
from pyro_core.events import Accepted
from pyro_core.settings import Limits
from pyro_core.uri import URI
from pyro_core.wire import v502
from pyro_core.wire.message import BATCH, COMPRESSED, INVOKE

JSON: Final = 3
MIB: Final = 1 << 20
AGAIN_S: Final = 0.5
"""How long who was thrown out stays away."""
STEP_S: Final = 0.25
"""Between two bytes of who dribbles."""
CALL_S: Final = 3.0
"""Between two calls of one of many."""
FOR_EVER: Final = 3600.0

SIZES: Final[Mapping[str, int]] = {
    "idle": 1000,
    "active": 300,
    "silent": 200,
    "half a message": 200,
    "dribbling": 100,
    "garbage": 20,
    "bombs": 5,
    "liars": 100,
    "non-readers": 20,
    "vanishing": 20,
    "half TLS": 100,
    "broken TLS": 20,
    "streams": 40,
    "batches": 2,
}
"""Kind of a crowd -> how many they are."""


class Peer:
    """One member's connection.

    Args:
        reader: Its incoming side.
        writer: Its outgoing side.
        offers: Extras to offer in the handshake.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, offers: Collection[str] = ()
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.session = ClientSession(version=502, limits=Limits(), features=offers)
        self.serializer = plugins.serializers().load("json")(ClassRules().for_version(502))

    @classmethod
    async def connect(cls, uri: URI, offers: Collection[str] = ()) -> Self:
        """A connection without a handshake."""
        reader, writer = await asyncio.open_connection(uri.host, uri.port, limit=1 << 14)
        return cls(reader, writer, offers)

    @classmethod
    async def shake_hands(cls, uri: URI, offers: Collection[str] = ()) -> Self:
        """A connection that the server has accepted."""
        peer = await cls.connect(uri, offers)
        await peer.say(peer.hello(uri))
        while not (events := peer.session.events()):
            data = await peer.reader.read(65536)
            if not data:
                raise ConnectionError("the server closed the connection in the handshake")
            peer.session.receive_data(data)
        if not isinstance(events[0], Accepted):
            raise ConnectionError(f"the server refused: {events[0]!r}")
        return peer

    def hello(self, uri: URI) -> bytes:
        """The handshake."""
        return self.session.connect(
            JSON, self.serializer.encode_value({"handshake": "hello", "object": uri.object})
        )

    def call(self, method: str, *args: Any, flags: int = 0) -> bytes:
        """A call as it goes over the wire."""
        payload = self.serializer.encode_call("mill", method, args, {})
        return bytes(self.session.call(JSON, payload, flags))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def listen(self, seconds: float = FOR_EVER) -> None:
        """Throw away what comes, until the server hangs up or for some time."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            pass

    def reset(self) -> None:
        """Vanish without a farewell."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Arrived = Callable[[], object]
Member = Callable[[URI, Arrived], Awaitable[None]]


async def idle(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri)
    arrived()
    await peer.listen()


async def active(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri)
    arrived()
    await asyncio.sleep(random.random() * CALL_S)
    while not peer.reader.at_eof():
        await peer.say(peer.call("add", 1, 2))
        await peer.listen(CALL_S)


async def silent(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.connect(uri)
    arrived()
    await peer.listen()


async def half_a_message(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.connect(uri)
    hello = peer.hello(uri)
    await peer.say(hello[: random.randrange(1, len(hello))])
    arrived()
    await peer.listen()


async def dribbling(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.connect(uri)
    arrived()
    for byte in peer.hello(uri) + peer.call("large", 1):
        await peer.say(bytes([byte]))
        await asyncio.sleep(STEP_S)
    await peer.listen(STEP_S)


async def garbage(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.connect(uri)
    arrived()
    data = random.randbytes(4096)
    await peer.say(random.choice((data, b"PYRO" + data, b"GET / HTTP/1.1\r\n\r\n", peer.hello(uri) + data)))
    await peer.listen()


def bomb(mib: int) -> bytes:
    """Few bytes that become so many MiB."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)) * mib


BOMB: Final = bomb(400)


async def bombs(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri)
    arrived()
    await peer.say(v502.pack(INVOKE, JSON, 1, BOMB, COMPRESSED))
    await peer.listen()


async def liars(uri: URI, arrived: Arrived) -> None:
    if random.random() < 0.5:
        peer = await Peer.connect(uri)
        head = bytearray(peer.hello(uri)[:40])
        head[12:16] = (100_000).to_bytes(4, "big")
    else:
        peer = await Peer.shake_hands(uri)
        head = bytearray(peer.call("add", 1, 2)[:40])
        head[12:16] = (16 * MIB - 1000).to_bytes(4, "big")
    await peer.say(bytes(head) + b"no more than this")
    arrived()
    await peer.listen()


async def non_readers(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri)
    arrived()
    for _ in range(100):
        await peer.say(peer.call("large", 256))
    await asyncio.sleep(60)


async def vanishing(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri, features.SUPPORTED)
    arrived()
    whole = peer.call("add", 1, 2) + peer.call("nap", 0.05) + peer.call("numbers", 100_000)
    await peer.say(whole[: random.randrange(len(whole) // 2, len(whole) + 1)])
    await asyncio.sleep(random.random() / 10)
    peer.reset()


async def half_tls(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.connect(uri)
    # The beginning of a record that would hold a client's hello of 512 bytes.
    await peer.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(20))
    arrived()
    await peer.listen()


async def broken_tls(uri: URI, arrived: Arrived) -> None:
    """Plain text where TLS is spoken, a client that trusts nobody, nonsense in a good connection."""
    arrived()
    trust_nobody, trust_all = ssl.create_default_context(), ssl._create_unverified_context()
    fault = random.randrange(3)
    tls = (None, trust_nobody, trust_all)[fault]
    reader, writer = await asyncio.open_connection(uri.host, uri.port, ssl=tls)
    peer = Peer(reader, writer)
    if fault == 2:
        await peer.say(peer.hello(uri))
        writer.get_extra_info("socket").send(random.randbytes(200))
    else:
        await peer.say(peer.hello(uri) + random.randbytes(200))
    await peer.listen()


async def streams(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri, features.SUPPORTED)
    for _ in range(5):
        await peer.say(peer.call("numbers", 1_000_000_000))
    arrived()
    await peer.listen()


async def batches(uri: URI, arrived: Arrived) -> None:
    peer = await Peer.shake_hands(uri)
    arrived()
    nothing: dict[str, Any] = {}
    many: Any = [("add", (1, 2), nothing)] * 20_000
    growing: Any = [("large", (1024,), nothing)] * 1_000
    for calls in (many, growing):
        payload = peer.serializer.encode_call("mill", "<batch>", calls, {})
        await peer.say(bytes(peer.session.call(JSON, payload, BATCH)))
        await peer.listen(2 * AGAIN_S)
    peer.reset()


KINDS: Final[Mapping[str, Member]] = {
    "idle": idle,
    "active": active,
    "silent": silent,
    "half a message": half_a_message,
    "dribbling": dribbling,
    "garbage": garbage,
    "bombs": bombs,
    "liars": liars,
    "non-readers": non_readers,
    "vanishing": vanishing,
    "half TLS": half_tls,
    "broken TLS": broken_tls,
    "streams": streams,
    "batches": batches,
}


async def stay(member: Member, uri: URI, arrived: Arrived) -> None:
    """Come again whenever the server hangs up."""
    while True:
        try:
            await member(uri, arrived)
        except (OSError, ConnectionError):
            pass  # thrown out: that is what it is here for
        await asyncio.sleep(AGAIN_S)


async def besiege(sizes: Mapping[str, int], uri: URI, encrypted: URI) -> None:
    """Be the crowd."""
    here = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True
    ).start()
    crowd = []
    for kind, count in sizes.items():
        target = encrypted if kind.endswith("TLS") else uri
        for _ in range(count):
            crowd.append(asyncio.create_task(stay(KINDS[kind], target, here.release)))
            if len(crowd) % 50 == 0:
                await asyncio.sleep(0.01)  # no faster than the queue of a listening socket is emptied
    for _ in crowd:
        await here.acquire()
    print("ready", flush=True)
    await over.wait()
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)


if __name__ == "__main__":
    uri, encrypted, *kinds = sys.argv[1:]
    pairs = (kind.rpartition("=") for kind in kinds)
    asyncio.run(besiege({kind: int(count) for kind, _, count in pairs}, URI(uri), URI(encrypted)))
