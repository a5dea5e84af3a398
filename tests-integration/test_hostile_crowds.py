"""Crowds that behave badly keep nobody from being served; figures come from ``hatch run torture``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from torture import siege
from torture.crowds import KINDS, SIZES

from pyro_core.testing.certificates import Authority, have_openssl

PATIENT = ("idle", "active")
HOSTILE = {kind: max(count // 10, 2) for kind, count in SIZES.items() if kind not in PATIENT}
CROWDS = [pytest.param(HOSTILE, id="hostile"), pytest.param({k: SIZES[k] for k in PATIENT}, id="patient")]
MOST_MIB = 300
"""The largest messages, of 16 MiB, while they are decoded or kept for those who do not read; all at once."""
MOST_S = 1.0
"""By then even a busy machine has answered 19 of 20 quick calls."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return ["--certificate", *Authority(folder).issue("server")] if have_openssl() else []


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    try:
        with siege.room_for(3000):
            yield
    except siege.NoRoomError as reason:
        pytest.skip(str(reason))


def test_every_kind_of_crowd_has_a_size() -> None:
    assert set(KINDS) == set(SIZES)


@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.parametrize("sizes", CROWDS)
@pytest.mark.parametrize("servertype", siege.TRANSPORTS)
def test_a_crowd_keeps_nobody_from_being_served(
    servertype: str, sizes: dict[str, int], certificate: list[str]
) -> None:
    if not certificate:
        sizes = {kind: count for kind, count in sizes.items() if not kind.endswith("TLS")}
    with siege.fortress(servertype, *certificate) as place:
        seen = siege.siege(place, sizes, seconds=0.4)  # fails if a call fails
        assert seen.most - seen.before < MOST_MIB
        assert siege.at(0.95, seen.under) < MOST_S
