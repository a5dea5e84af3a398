"""What tests of several modules use."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def log_for_others() -> Iterator[None]:
    """``plugins check`` imports everything, and some of it silences the log: other tests look at theirs."""
    yield
    logging.getLogger("Pyro4").setLevel(logging.NOTSET)
