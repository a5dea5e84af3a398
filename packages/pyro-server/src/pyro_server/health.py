"""How a daemon is doing."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import threading

    from pyro_server.host import DaemonHost

State = Literal["waiting", "serving", "draining", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A daemon at one moment.

    Attributes:
        state: ``waiting`` to serve, ``serving``, ``draining`` while it stops, or ``closed``.
        uptime_s: Seconds since it was made.
        connections: Open connections.
        calls: Calls of these that run or wait to be run. Of a client that makes one call at a time, as stock
            clients do, it is counted while a worker has its connection.
        oneways_queued: One-way calls that wait for a thread.
        threads: Threads that run calls; idle ones count.
        streams: Open item streams.
        objects: Registered objects, its own included.
        limits_reached: Names of limits that are reached now, such as ``max_connections``.
    """

    state: State
    uptime_s: float
    connections: int
    calls: int
    oneways_queued: int
    threads: int
    streams: int
    objects: int
    limits_reached: tuple[str, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """The same as values that every serializer takes."""
        return {**asdict(self), "limits_reached": list(self.limits_reached)}


class Healthy:
    """The part of a daemon that says how it is doing."""

    _host: "DaemonHost"
    _transport: Any
    _closed: bool
    _thread: "threading.Thread | None"
    close: Callable[[], None]

    def health(self) -> Health:
        """How the daemon is doing now."""
        host, load, limits = self._host, self._transport.load, self._host.settings.limits
        streams = len(host.streams)
        reached = {
            "max_connections": load.connections >= limits.max_connections,
            "max_oneway_queue": load.oneways_queued >= limits.max_oneway_queue,
            "max_streams": streams >= limits.max_streams,
            "threads": load.starved,
        }
        return Health(
            state=self._state(),
            uptime_s=host.uptime_s,
            connections=load.connections,
            calls=load.calls,
            oneways_queued=load.oneways_queued,
            threads=load.threads,
            streams=streams,
            objects=len(host.objects),
            limits_reached=tuple(name for name, is_reached in reached.items() if is_reached),
        )

    def _meet_observers(self) -> None:
        """Tell those who observe the daemon which one it is. If one objects, there is no daemon."""
        if self._host.observers is not None:
            try:
                self._host.observers.serves(self)
            except BaseException:
                self.close()
                raise

    def _state(self) -> State:
        if self._closed:
            return "closed"
        if self._host.draining:
            return "draining"
        was_started = self._thread is not None and self._thread.is_alive()
        return "serving" if was_started or self._transport.is_serving else "waiting"
