"""Who is told about forks."""

import gc

from pyro_client.forks import ForkWatch


class Thing:
    def __init__(self) -> None:
        self.forks = 0

    def after_fork(self) -> None:
        self.forks += 1


def test_everything_alive_is_told_once() -> None:
    watch = ForkWatch()
    kept, gone = Thing(), Thing()
    watch.watch(kept)
    watch.watch(kept)
    watch.watch(gone)
    del gone
    gc.collect()
    watch._after_fork()
    assert kept.forks == 1
    assert len(watch._watched) == 1
