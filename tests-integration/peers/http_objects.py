"""A name server and objects for tests of the HTTP gateway; ends when its standard input closes.

Prints ``ready HOST:PORT`` of the name server. A line ``register NAME TTL`` on its input gives the clock
another name, under a lease that nobody renews; ``remove NAME`` takes one away; both answer ``done``.
"""

import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pyro_core.context import current_call
from pyro_core.names import ANNOTATION_TRACE
from pyro_nameserver import start_ns
from pyro_server import Daemon, expose, oneway


class OutOfStock(Exception):
    pass


@expose
class Shop:
    """Sells things.

    The prices are what they are.
    """

    def __init__(self) -> None:
        self._motto = "quality"
        self._stock = {"spanner": 3, "hammer": 0}
        self.noted: list[str] = []
        self.streams_open = 0
        self.last_number = 0

    def add(self, a: int, b: int = 2) -> int:
        """The sum of two numbers."""
        return a + b

    def price(self, product: str, /, count: int = 1, *, currency: Literal["EUR", "USD"] = "EUR") -> str:
        """What so many of a product cost."""
        return f"{product} x {count} in {currency}"

    def take(self, product: str, count: int = 1) -> int:
        """Take products from the shelf.

        Raises OutOfStock if there are too few.
        """
        if self._stock.get(product, 0) < count:
            raise OutOfStock(f"only {self._stock.get(product, 0)} of {product} left")
        self._stock[product] -= count
        return self._stock[product]

    def divide(self, a: float, b: float) -> float | None:
        """The quotient; None for a division by zero."""
        return a / b if b else None

    def same(self, value: object) -> object:
        """Gives back what it gets."""
        return value

    def faithful(
        self,
        raw: bytes = b"",
        when: datetime | None = None,
        day: date = date(2024, 2, 29),
        amount: Decimal = Decimal("1.10"),
        key: UUID | None = None,
        length: timedelta = timedelta(seconds=1),
        tags: set[str] = frozenset(),  # type: ignore[assignment]
        pair: tuple[int, str] = (1, "a"),
        table: dict[str, list[int]] | None = None,
    ) -> list[str]:
        """The types of what it gets."""
        return [type(value).__name__ for value in (raw, when, day, amount, key, length, tags, pair, table)]

    def count(self, until: int, pause_s: float = 0.0) -> Iterator[int]:
        """Numbers up to a limit, one after the other."""
        self.streams_open += 1
        try:
            for number in range(until):
                if pause_s:
                    threading.Event().wait(min(pause_s, 1.0))  # the pace of a slow source
                self.last_number = number
                yield number
        finally:
            self.streams_open -= 1

    def breaks(self) -> Iterator[int]:
        """One number, and then an error."""
        yield 1
        raise ValueError("no more numbers")

    def opened(self) -> int:
        """How many streams are open."""
        return self.streams_open

    def counted(self) -> int:
        """How far the last stream has come."""
        return self.last_number

    def sleep(self, seconds: float) -> None:
        """Take some time."""
        over = threading.Event()
        current_call().when_cancelled(over.set)
        over.wait(min(seconds, 2.0))  # not after its caller has given up

    def wait(self) -> None:
        """Wait until nobody wants the answer any more, and take that down."""
        over = threading.Event()
        current_call().when_cancelled(over.set)
        if over.wait(10):
            self.noted.append("cancelled")

    @oneway
    def note(self, text: str) -> None:
        """Take something down."""
        self.noted.append(text)

    def notes(self) -> list[str]:
        """What was taken down."""
        return self.noted

    def seen(self) -> dict[str, str]:
        """What came along with this call."""
        call = current_call()
        trace = bytes(call.annotations.get(ANNOTATION_TRACE, b"")).decode("ascii")
        left = "none" if call.remaining_s is None else "some"
        return {"correlation": str(call.correlation_id), "trace": trace, "left": left}

    @property
    def motto(self) -> str:
        """What the shop stands for."""
        return self._motto

    @motto.setter
    def motto(self, text: str) -> None:
        self._motto = text

    @property
    def founded(self) -> int:
        """The year in which it was opened."""
        return 1998


@expose
class Clock:
    """Tells the time."""

    def now(self) -> datetime:
        """The time of day."""
        return datetime(2024, 2, 29, 12, 0, 0)


@expose
class Plain:
    """Methods that take whatever fits, for tools that try everything."""

    def add(self, a: int, b: int = 2) -> int:
        """The sum of two numbers."""
        return a + b

    def join(self, words: list[str], between: str = " ") -> str:
        """One text."""
        return between.join(words)

    def pick(self, one: Literal["a", "b"], *, many: bool = False, share: float | None = None) -> str:
        """What was picked."""
        return one * 2 if many else one

    def keep(self, raw: bytes, pairs: dict[str, tuple[int, bool]] | None = None) -> bytes:
        """The same bytes."""
        return raw

    def numbers(self, until: Literal[0, 1, 3]) -> Iterator[int]:
        """Some numbers."""
        yield from range(until)

    @oneway
    def note(self, text: str) -> None:
        """Nothing comes back."""

    @property
    def size(self) -> int:
        """How large it is."""
        return 3


def main() -> None:
    with start_ns(port=0, broadcast=False) as names, Daemon(port=0) as daemon:
        shop = Shop()
        known = {
            "http.shop": daemon.register(shop, "shop"),
            "http.clock": daemon.register(Clock(), "clock"),
            "http.plain": daemon.register(Plain(), "plain"),
            "secret.shop": daemon.uri_for("shop"),
            "http.gone": f"PYRO:gone@localhost:{daemon.uri_for('shop').port}",
        }
        for name, uri in known.items():
            names.registry.register(name, str(uri), metadata=["blue", name.partition(".")[2]])
        threading.Thread(target=daemon.request_loop, daemon=True).start()
        print("ready", names.uri.location, flush=True)
        for line in sys.stdin:
            word, name, *rest = line.split()
            if word == "register":
                clock, ttl = str(known["http.clock"]), float(rest[0])
                names.registry.register(name, clock, metadata=["leased"], ttl=ttl, owner="test")
            else:
                names.registry.remove(name, owner="test")
            print("done", flush=True)
        daemon.shutdown()


if __name__ == "__main__":
    main()
