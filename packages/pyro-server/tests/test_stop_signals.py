import os
import signal
import threading

import pytest

from pyro_server.stop_signals import stopping

needs_posix = pytest.mark.skipif(os.name != "posix", reason="sends itself signals")


@needs_posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_request_to_stop_and_afterwards_what_it_was(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stopped = threading.Event()
    with stopping(stopped.set):
        os.kill(os.getpid(), number)
        assert stopped.wait(10)
    assert signal.getsignal(number) is before


@needs_posix
def test_a_second_ctrl_c_interrupts() -> None:
    first = threading.Event()
    with pytest.raises(KeyboardInterrupt), stopping(first.set):
        os.kill(os.getpid(), signal.SIGINT)
        assert first.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        first.wait(10)
        threading.Event().wait(10)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@needs_posix
def test_handlers_of_the_program_are_left_alone() -> None:
    mine = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: mine.set())
    try:
        with stopping(lambda: pytest.fail("not ours to handle")):
            os.kill(os.getpid(), signal.SIGTERM)
            assert mine.wait(10)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_do_not_touch_signals() -> None:
    seen: list[object] = []

    def inside() -> None:
        with stopping(lambda: None):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join(10)
    assert seen == [signal.getsignal(signal.SIGTERM)]
