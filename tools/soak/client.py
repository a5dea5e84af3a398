"""A client of the soak: does all kinds of things, and writes down what was acknowledged.

It cuts its own connections, too. Ends when its input closes, and prints what it did and which errors it
met, as JSON.

Usage: python client.py sync|async NAME NS WHO ACKNOWLEDGED SEED [AUTHORITY]
"""

import asyncio
import inspect
import json
import random
import socket
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from pyro_client import AsyncProxy, Proxy, batch
from pyro_core.errors import CallCancelled, CommunicationError, NamingError, PyroError, TimeoutError
from pyro_core.settings import TLS, ClientSettings, Timeouts
from pyro_core.uri import URI

CALL_S: Final = 10.0
LATE_S: Final = 15.0
"""No call may take longer than this, whatever happens."""
CLEAR: Final = (CommunicationError, NamingError, TimeoutError, CallCancelled)
"""What a client may be told when something is wrong."""
AGAIN_S: Final = 0.05


class Client:
    """Does things, one after the other.

    Args:
        proxy: Blocking or not.
        visitor: The same, for the object of this connection.
        ns: The name server, the same.
        who: Its name.
        acknowledged: Where it writes down the numbers that were acknowledged.
        rng: Decides what it does.
    """

    def __init__(
        self, proxy: Any, visitor: Any, ns: Any, who: str, acknowledged: TextIO, rng: random.Random
    ) -> None:
        self.proxy, self.visitor, self.ns = proxy, visitor, ns
        self.who = who
        self.acknowledged = acknowledged
        self.rng = rng
        self.number = 0
        self.done: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.longest_s = 0.0

    async def settled(self, result: Any) -> Any:
        """What a call gives, awaited if it must be."""
        return await result if inspect.isawaitable(result) else result

    async def step(self) -> None:
        """Do one thing, and look at what came of it."""
        way = self.rng.choice(
            (self.count, self.count, self.echo, self.fail, self.note, self.batch, self.stream, self.stream_up,
             self.call_back, self.visit, self.give_up, self.name, self.cut)
        )  # fmt: skip
        begun = time.monotonic()
        try:
            await way()
            self.done[way.__name__] += 1
        except CLEAR as problem:
            self.errors[type(problem).__name__] += 1
            await asyncio.sleep(AGAIN_S) if isinstance(self.proxy, AsyncProxy) else time.sleep(AGAIN_S)
        except Exception:
            self.wrong.append(f"{way.__name__}: {traceback.format_exc()[-1500:]}")
        self.longest_s = max(self.longest_s, time.monotonic() - begun)

    def write_down(self, number: int) -> None:
        self.acknowledged.write(f"{self.who} {number}\n")
        self.acknowledged.flush()

    async def count(self) -> None:
        self.number += 1
        number = self.number  # never used again, whatever becomes of the call
        assert await self.settled(self.proxy.count(self.who, number)) == number
        self.write_down(number)

    async def echo(self) -> None:
        value = self.rng.choice((b"x" * 100_000, {"a": [1, 2.5, None, "text"]}, (1, (2, 3))))
        assert await self.settled(self.proxy.echo(value)) == value

    async def fail(self) -> None:
        try:
            await self.settled(self.proxy.fail("on purpose"))
        except ValueError as problem:
            if problem.args == ("on purpose",):
                return
        raise AssertionError("fail() gave an answer, or another error")

    async def note(self) -> None:
        await self.settled(self.proxy.note(1))

    async def batch(self) -> None:
        calls = batch(self.proxy)
        numbers = range(self.number + 1, self.number + 6)
        self.number += 5
        for number in numbers:
            calls.count(self.who, number)
        for number, counted in zip(numbers, await self.settled(calls()), strict=True):
            assert number == counted
            self.write_down(number)

    async def stream(self) -> None:
        size = self.rng.choice((5, 2000))
        items = await self.settled(self.proxy.numbers(size))
        most = self.rng.choice((3, size))
        taken = []
        if isinstance(self.proxy, AsyncProxy):
            async for item in items:
                taken.append(item)
                if len(taken) == most:
                    break
            await items.aclose()
        else:
            for item in items:
                taken.append(item)
                if len(taken) == most:
                    break
            items.close()
        assert taken == list(range(most)), f"{len(taken)} of {most}"

    async def stream_up(self) -> None:
        assert await self.settled(self.proxy.total(iter(range(500)))) == sum(range(500))

    async def call_back(self) -> None:
        reference = await self.settled(self.proxy._pyro.offer(lambda value: value + 1))
        try:
            assert await self.settled(self.proxy.call(reference, 5)) == 6
        finally:
            self.proxy._pyro.withdraw(reference)

    async def visit(self) -> None:
        assert await self.settled(self.visitor.visit()) >= 1

    async def give_up(self) -> None:
        self.proxy._pyro.timeout_s = 0.05
        try:
            await self.settled(self.proxy.wait(0.2))
        except TimeoutError:
            pass
        finally:
            self.proxy._pyro.timeout_s = CALL_S

    async def name(self) -> None:
        name = f"client.{self.who}"
        owner = await self.settled(self.ns.register(name, "PYRO:x@127.0.0.1:1", ttl=2, owner=self.who))
        assert owner == self.who
        assert str(await self.settled(self.ns.lookup(name))) == "PYRO:x@127.0.0.1:1"

    async def cut(self) -> None:
        """Lose the connection in the middle of a call."""
        connection = self.proxy._pyro.connection
        if connection is None:
            return
        sock = connection.link.sock
        timer = threading.Timer(self.rng.random() / 50, cut, [sock])
        timer.start()
        try:
            await self.settled(self.proxy.wait(0.03))
        finally:
            timer.join()


def cut(sock: Any) -> None:
    """Have a connection end for both sides."""
    try:
        raw = socket.socket(fileno=socket.dup(sock.fileno()))
        with raw:
            raw.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it had ended already


def report(client: Client) -> None:
    """Print what came of it all."""
    late = [] if client.longest_s < LATE_S else [f"a step took {client.longest_s:.1f} s"]
    print(json.dumps({"who": client.who, "done": client.done, "errors": client.errors,
                      "wrong": client.wrong[:5] + late, "longest_s": client.longest_s,
                      "threads": threading.active_count()}), flush=True)  # fmt: skip


def finish_now(step: Any) -> None:
    """Run a coroutine that never waits."""
    try:
        step.send(None)
    except StopIteration:
        return
    raise AssertionError("a blocking client has waited for an event loop")


async def work_async(make: Callable[[], Client], over: threading.Event) -> None:
    client = make()
    while not over.is_set():
        await client.step()
        await asyncio.sleep(AGAIN_S / 5)
    for proxy in (client.proxy, client.visitor, client.ns):
        await proxy._pyro.release()
    report(client)


def work(make: Callable[[], Client], over: threading.Event) -> None:
    client = make()
    while not over.is_set():
        finish_now(client.step())
        over.wait(AGAIN_S / 5)
    for proxy in (client.proxy, client.visitor, client.ns):
        proxy._pyro.release()
    report(client)


def end_with_input(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def main() -> None:
    kind, name, ns, who, acknowledged, seed, *authority = sys.argv[1:]
    over = threading.Event()
    threading.Thread(target=end_with_input, args=(over,), daemon=True).start()
    tls = TLS(cafile=authority[0]) if authority else None
    timeouts = Timeouts(call_s=CALL_S, connect_s=3.0)
    proxy_class: Any = Proxy if kind == "sync" else AsyncProxy
    serializer = random.Random(int(seed)).choice(("serpent", "json", "msgpack"))
    settings = ClientSettings(serializer=serializer, timeouts=timeouts, tls=tls)

    def make() -> Client:
        file = Path(acknowledged).open("a", encoding="ascii")  # noqa: SIM115 - until the end of the program
        visitor = proxy_class(URI(str(name).replace("counter@", "visitor@")), settings=settings)
        plain = ClientSettings(timeouts=timeouts)
        names = proxy_class(f"PYRO:Pyro.NameServer@{ns}", settings=plain)
        proxy = proxy_class(name, settings=settings)
        return Client(proxy, visitor, names, who, file, random.Random(int(seed)))

    if kind == "sync":
        work(make, over)
    else:
        asyncio.run(work_async(make, over))


if __name__ == "__main__":
    try:
        main()
    except (PyroError, KeyboardInterrupt):
        traceback.print_exc()
        sys.exit(1)
