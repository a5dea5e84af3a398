"""What tests of several modules use."""

import logging
import threading
from collections.abc import Iterator

import pytest

import Pyro4
from Pyro4.facade.context import forget

# Importing it silences the log; tests of other packages in the same process look at theirs.
logging.getLogger("Pyro4").setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Each test begins with the defaults, whatever the environment says, and knows of no earlier calls."""
    Pyro4.config.reset(False)
    yield
    Pyro4.config.reset(False)
    forget()


@pytest.fixture(params=["thread", "multiplex"])
def daemon(request: pytest.FixtureRequest) -> Iterator[Pyro4.Daemon]:
    """A daemon that serves in a thread."""
    Pyro4.config.SERVERTYPE = request.param
    daemon = Pyro4.Daemon()
    thread = threading.Thread(target=daemon.requestLoop, daemon=True)
    thread.start()
    yield daemon
    daemon.shutdown()
    thread.join(10)
    assert not thread.is_alive()
