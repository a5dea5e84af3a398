"""What is logged is set up with the logger ``Pyro4``, as programs expect."""

import logging
from collections.abc import Iterator

import pytest

from Pyro4.facade import logs

NATIVE = ["pyro_core", "pyro_serializers", "pyro_client.futures", "pyro_server.host", "pyro_nameserver"]


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    before = logging.getLogger("Pyro4").level
    yield
    logging.getLogger("Pyro4").setLevel(before)


@pytest.mark.parametrize("name", NATIVE)
def test_nothing_is_logged_unless_asked_for(name: str) -> None:
    logs.set_up({})
    assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)


@pytest.mark.parametrize("name", NATIVE)
def test_a_program_sets_the_level_of_everything(name: str, caplog: pytest.LogCaptureFixture) -> None:
    logs.set_up({})
    logging.getLogger("Pyro4").setLevel(logging.INFO)
    logging.getLogger(name).info("seen")
    logging.getLogger(name).debug("not seen")
    assert [record.message for record in caplog.records] == ["seen"]


def test_an_unknown_level_is_an_error() -> None:
    with pytest.raises(AttributeError, match="LOUD"):
        logs.set_up({"PYRO_LOGLEVEL": "loud"})
