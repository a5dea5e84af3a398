"""The threads of futures, and the order of their work."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import pool as pool_module
from pyro_client.pool import Lane, Pool
from pyro_core.errors import PyroError

PATIENCE_S = 10.0
SHORT_S = 0.05


class Held:
    """Jobs that note that they began, and end when they are told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.end = threading.Event()

    def __call__(self) -> None:
        self.begun.release()
        self.end.wait(PATIENCE_S)

    def wait_for(self, number: int) -> bool:
        return all(self.begun.acquire(timeout=PATIENCE_S) for _ in range(number))


@pytest.fixture
def held() -> Any:
    job = Held()
    yield job
    job.end.set()


def ran(start: Callable[[Callable[[], object]], object]) -> bool:
    """Whether a job that is given to ``start`` is done soon."""
    done = threading.Event()
    start(done.set)
    return done.wait(PATIENCE_S)


def test_jobs_run_at_the_same_time_in_daemon_threads_up_to_a_number(held: Held) -> None:
    pool = Pool(3)
    seen: list[bool] = []
    pool.run(lambda: (seen.append(threading.current_thread().daemon), held()))
    for _ in range(3):
        pool.run(held)
    assert held.wait_for(3)
    assert not held.begun.acquire(timeout=SHORT_S)
    held.end.set()
    assert held.wait_for(1)
    assert seen == [True]


def test_no_thread_is_made_before_there_is_work() -> None:
    before = threading.active_count()
    pool = Pool(3)
    assert threading.active_count() == before
    assert ran(pool.run)
    assert ran(pool.run)
    assert pool._threads <= 2


def test_threads_without_work_end() -> None:
    pool = Pool(3, idle_s=0.01)
    assert ran(pool.run)
    ends = time.monotonic() + PATIENCE_S
    while pool._threads and time.monotonic() < ends:
        threading.Event().wait(0.01)
    assert pool._threads == 0
    assert ran(pool.run)


def test_a_delayed_job_runs_later_also_after_the_threads_would_have_ended() -> None:
    pool = Pool(1, idle_s=0.0)
    began = time.monotonic()
    assert ran(lambda job: pool.run(job, delay_s=SHORT_S))
    assert time.monotonic() - began >= SHORT_S


def test_delayed_jobs_run_in_the_order_of_their_times() -> None:
    pool = Pool(1)
    order: list[int] = []
    done = threading.Event()
    for number in (3, 1, 2):
        pool.run(lambda number=number: order.append(number), delay_s=number * SHORT_S)  # type: ignore[misc]
    pool.run(done.set, delay_s=4 * SHORT_S)
    assert done.wait(PATIENCE_S)
    assert order == [1, 2, 3]


def test_a_busy_thread_does_not_keep_delayed_jobs_from_their_time(held: Held) -> None:
    pool = Pool(2)
    done = threading.Event()
    pool.run(done.set, delay_s=SHORT_S)
    pool.run(held)
    assert done.wait(PATIENCE_S)
    assert held.wait_for(1)


def test_as_many_jobs_may_wait_as_the_limit_says(held: Held) -> None:
    pool = Pool(1, most_waiting=2)
    pool.run(held)
    assert held.wait_for(1)
    pool.run(held)
    pool.run(held, delay_s=100)
    with pytest.raises(PyroError, match="2 calls are waiting for a thread already"):
        pool.run(held)
    pool.run(held, accepted=True)


def test_a_lane_runs_one_job_after_the_other_in_order(held: Held) -> None:
    pool = Pool(4)
    lane = Lane(pool, lambda: False)
    order: list[int] = []
    lane.run(held)
    for number in range(100):
        lane.run(lambda number=number: order.append(number))  # type: ignore[misc]
    assert held.wait_for(1)
    assert order == []
    assert ran(pool.run)  # the other threads are free
    held.end.set()
    assert ran(lane.run)
    assert order == list(range(100))


def test_a_lane_that_may_share_runs_jobs_at_the_same_time(held: Held) -> None:
    allowed = [False]
    lane = Lane(Pool(4), lambda: allowed[0])
    first = Held()
    lane.run(first)
    assert first.wait_for(1)
    for _ in range(3):
        lane.run(held)
    lane.refresh()
    assert not held.begun.acquire(timeout=SHORT_S)
    allowed[0] = True  # found out by the first
    lane.refresh()
    assert held.wait_for(3)
    first.end.set()
    held.end.set()
    assert ran(lane.run)


def test_as_many_jobs_may_wait_in_a_lane_as_the_limit_says(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MOST_WAITING", 2)
    lane = Lane(Pool(4), lambda: False)
    for _ in range(3):
        lane.run(held)
    with pytest.raises(PyroError, match="2 calls are waiting for their turn"):
        lane.run(held)


def test_a_lane_outlives_a_pool_that_was_full(held: Held) -> None:
    pool = Pool(1, most_waiting=0)
    lane = Lane(pool, lambda: False)
    with pytest.raises(PyroError, match="waiting for a thread"):
        lane.run(held)
    pool._most_waiting = 10
    assert ran(lane.run)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_child_of_a_fork_has_threads_of_its_own(held: Held) -> None:
    pool = Pool(1)
    lane = Lane(pool, lambda: False)
    lane.run(held)
    assert held.wait_for(1)
    lane.run(held)
    child = os.fork()
    if child == 0:
        os._exit(0 if ran(lane.run) and ran(pool.run) else 1)
    assert os.waitpid(child, 0)[1] == 0
