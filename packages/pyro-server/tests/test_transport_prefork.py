import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pyro_core.errors import PyroError
from pyro_core.settings import ServerSettings
from pyro_core.testing.toy_dialogue import ToyHost
from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Host, Transport
from pyro_server.transports.poller import Wakeup
from pyro_server.transports.prefork import PreforkTransport, usable_cores
from pyro_server.transports.supervising import END_ALL, Supervisor

forks = pytest.mark.skipif(sys.platform != "linux", reason="forks")


class InOneProcess(PreforkTransport):
    """Without forks, so that the suite can see what happens."""

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        host.settings = replace(host.settings, processes=1)
        super().__init__(host, listeners)


class TestPrefork(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return InOneProcess


def test_systems_without_it_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PyroError, match=r"Linux.*this is win32; use 'threaded'"):
        PreforkTransport(ToyHost(ServerSettings(processes=2)), [])


def test_there_is_a_process_for_each_core_unless_the_settings_say_otherwise() -> None:
    transport = PreforkTransport(ToyHost(ServerSettings()), [])
    assert transport._count == usable_cores() >= 1
    transport.close()


@forks
def test_a_process_that_dies_again_and_again_is_replaced_more_slowly_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wakeup = Wakeup()
    with caplog.at_level(logging.WARNING):
        supervisor = Supervisor(1, lambda number: 3)
        assert not supervisor.supervise(lambda: len(caplog.messages) == 3, wakeup)
        supervisor.end(1.0)
    wakeup.close()
    waits = [message.rpartition("comes in ")[2] for message in caplog.messages]
    assert waits == ["0.1 s", "0.2 s", "0.4 s"]
    assert all("ended with code 3" in message for message in caplog.messages)


@forks
def test_one_process_may_end_all() -> None:
    wakeup = Wakeup()
    reader, writer = os.pipe()

    def run(number: int) -> int:
        if number:
            os.close(writer)
            os.read(reader, 1)  # until it is killed
        return END_ALL

    supervisor = Supervisor(2, run)
    assert supervisor.supervise(lambda: False, wakeup)
    supervisor.end(0.05)
    wakeup.close()
    os.close(reader)
    os.close(writer)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
