import logging
import threading

import pytest

from pyro_server.transports.workers import WorkerPool

PATIENCE_S = 20.0


def ended(pool: WorkerPool) -> bool:
    pool.stop()
    return pool.join(PATIENCE_S)


def test_tasks_run_and_threads_are_started_on_demand_up_to_the_limit() -> None:
    pool = WorkerPool("test", most=3)
    assert len(pool) == 0
    gate, begun = threading.Event(), threading.Semaphore(0)

    def task(_: object) -> None:
        begun.release()
        gate.wait(PATIENCE_S)

    for _ in range(5):
        pool.submit(task, None)
    for _ in range(3):
        assert begun.acquire(timeout=PATIENCE_S)
    assert len(pool) == 3
    assert pool.wanted
    assert pool.starved
    gate.set()
    for _ in range(2):
        assert begun.acquire(timeout=PATIENCE_S)
    assert ended(pool)
    assert len(pool) == 0
    assert not pool.starved


def test_an_idle_thread_is_used_again_and_the_last_one_first() -> None:
    pool = WorkerPool("test", most=3)
    names: list[str] = []
    for _ in range(5):
        done = threading.Event()
        pool.submit(lambda event: (names.append(threading.current_thread().name), event.set()), done)
        assert done.wait(PATIENCE_S)
        while not pool._idle:
            threading.Event().wait(0.001)
    assert set(names) == {"test-0"}
    assert ended(pool)


def test_threads_beyond_the_minimum_end_when_idle() -> None:
    pool = WorkerPool("test", most=3, fewest=1, idle_s=0.01)
    gate, begun = threading.Event(), threading.Semaphore(0)

    def task(_: object) -> None:
        begun.release()
        gate.wait(PATIENCE_S)

    for _ in range(3):
        pool.submit(task, None)
    for _ in range(3):
        assert begun.acquire(timeout=PATIENCE_S)
    threads = [worker.thread for worker in pool._workers]
    gate.set()
    while sum(thread.is_alive() for thread in threads) > 1:
        threading.Event().wait(0.001)
    assert len(pool) == 1
    pool.submit(task, None)  # the one that is left still works
    assert begun.acquire(timeout=PATIENCE_S)
    assert ended(pool)


def test_a_worker_outlives_whatever_a_task_raises(caplog: pytest.LogCaptureFixture) -> None:
    pool = WorkerPool("test", most=1)
    done = threading.Event()

    def leave(_: object) -> None:
        raise SystemExit("told to leave")

    with caplog.at_level(logging.ERROR, logger="pyro_server"):
        pool.submit(leave, None)
        pool.submit(lambda event: event.set(), done)
        assert done.wait(PATIENCE_S)
    assert "told to leave" in caplog.text
    assert ended(pool)


def test_joining_from_a_worker_does_not_wait_for_itself() -> None:
    pool = WorkerPool("test", most=2)
    results: list[bool] = []
    pool.submit(lambda _: results.append(ended(pool)), None)
    while not results:
        threading.Event().wait(0.001)
    assert results == [True]


def test_a_hurried_pool_wants_its_workers_back() -> None:
    pool = WorkerPool("test", most=1)
    pool.hurry(True)
    assert pool.wanted
    assert not pool.starved
    pool.hurry(False)
    assert not pool.wanted


def test_a_thread_that_cannot_be_started_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = WorkerPool("test", most=2)
    gate, ran = threading.Event(), threading.Event()
    begun = threading.Event()
    pool.submit(lambda _: (begun.set(), gate.wait(PATIENCE_S)), None)
    assert begun.wait(PATIENCE_S)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool.submit(lambda _: ran.set(), None)
    assert not ran.is_set()
    gate.set()
    assert ran.wait(PATIENCE_S)
    assert ended(pool)
    with pytest.raises(RuntimeError, match="cannot start"):
        pool.submit(lambda _: None, None)
