import threading
from types import SimpleNamespace
from typing import Any

from pyro_server.transports.connection import Connection
from pyro_server.transports.oneways import PATIENCE_S, Oneways


class Pool:
    """Collects tasks; the test runs them."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Any, Any]] = []

    def submit(self, task: Any, argument: Any) -> None:
        self.tasks.append((task, argument))

    def run(self) -> None:
        while self.tasks:
            task, argument = self.tasks.pop(0)
            task(argument)


class Engine:
    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.closed = 0

    def run(self, work: Any) -> bytes:
        if work == "fail":
            raise ValueError("told to fail")
        if callable(work):
            work()
        self.ran.append(work)
        return b""

    def close(self) -> None:
        self.closed += 1


def parts(*, limit: int = 100, runners: int = 2) -> tuple[Oneways, Pool, Connection, Engine, list[str]]:
    pool, engine, alerts = Pool(), Engine(), []
    oneways = Oneways(pool, limit=limit, runners=runners, alert=lambda: alerts.append("alert"))  # type: ignore[arg-type]
    connection = Connection(SimpleNamespace(fileno=lambda: 3), "peer", engine, 0.0, None)  # type: ignore[arg-type]
    return oneways, pool, connection, engine, alerts


def test_one_task_runs_all_works_in_order() -> None:
    oneways, pool, connection, engine, _ = parts()
    oneways.put(connection, [1, 2])
    oneways.put(connection, [3])
    assert len(pool.tasks) == 1
    pool.run()
    assert engine.ran == [1, 2, 3]


def test_a_failing_work_does_not_stop_the_next() -> None:
    oneways, pool, connection, engine, _ = parts()
    oneways.put(connection, ["fail", 2])
    pool.run()
    assert engine.ran == [2]


def test_works_beyond_the_limit_are_run_at_once_the_oldest_first() -> None:
    oneways, pool, connection, engine, _ = parts(limit=2)
    oneways.put(connection, [1, 2])
    assert engine.ran == []
    oneways.put(connection, [3])
    assert engine.ran == [1]
    pool.run()
    assert engine.ran == [1, 2, 3]


def test_a_single_work_needs_no_watching_and_several_do() -> None:
    oneways, pool, connection, _, alerts = parts()
    oneways.put(connection, [1])
    assert not oneways.attention
    pool.run()
    oneways.put(connection, [1, 2])
    oneways.put(connection, [3])
    assert oneways.attention
    assert alerts == ["alert"]
    pool.run()
    oneways.promote()
    assert not oneways.attention


def test_works_behind_a_long_one_get_another_worker_up_to_the_limit() -> None:
    oneways, pool, connection, engine, _ = parts(runners=2)
    order: list[int] = []

    def long() -> None:
        lane = connection.lane
        assert lane is not None
        oneways.promote()
        assert not pool.tasks, "not yet"
        lane.started_at -= 2 * PATIENCE_S
        oneways.promote()
        lane.started_at -= 2 * PATIENCE_S
        oneways.promote()
        assert len(pool.tasks) == 1, "one more, and that is the limit"
        pool.run()
        order.append(len(engine.ran))

    oneways.put(connection, [long, 2, 3])
    pool.run()
    assert order == [2]
    assert engine.ran[:2] == [2, 3]


def test_the_engine_is_closed_after_the_last_work() -> None:
    oneways, pool, connection, engine, _ = parts()
    assert not oneways.close(connection)
    oneways.put(connection, [1, 2])
    assert oneways.close(connection)
    assert engine.closed == 0
    pool.run()
    assert engine.ran == [1, 2]
    assert engine.closed == 1
    assert not oneways.close(connection)


def test_putting_and_running_at_the_same_time_loses_nothing() -> None:
    oneways, _, connection, engine, _ = parts(limit=10)
    threads: list[threading.Thread] = []

    class Threads:
        def submit(self, task: Any, argument: Any) -> None:
            threads.append(threading.Thread(target=task, args=(argument,)))
            threads[-1].start()

    oneways._pool = Threads()  # type: ignore[assignment]
    for number in range(0, 3000, 3):
        oneways.put(connection, [number, number + 1, number + 2])
    for thread in threads:
        thread.join()
    assert sorted(engine.ran) == list(range(3000))
