"""A rocket for everybody who can call it. Nothing here is about browsers."""

import time
from collections.abc import Iterator

from pyro_server import behavior, expose, serve

SEATS = 2
PAUSE_S = 0.1


@expose
@behavior(instance_mode="single")
class Rocket:
    """Takes passengers, and starts."""

    def __init__(self) -> None:
        self._passengers: list[str] = []

    @property
    def passengers(self) -> list[str]:
        """Who is on board."""
        return self._passengers

    def board(self, name: str) -> int:
        """Take a passenger; gives how many seats are left.

        Raises:
            OverflowError: If there are none.
        """
        if len(self._passengers) >= SEATS:
            raise OverflowError(f"no seat left for {name}")
        self._passengers.append(name)
        print(f"{name} is on board", flush=True)
        return SEATS - len(self._passengers)

    def countdown(self, start: int) -> Iterator[str]:
        """One number after the other, with a pause before each."""
        for number in range(start, 0, -1):
            time.sleep(PAUSE_S)
            yield str(number)
        yield "lift-off"


if __name__ == "__main__":
    serve({Rocket: "example.rocket"})
