"""The soak, for a moment; ``hatch run soak`` is the same for longer."""

from pathlib import Path

import pytest
from soak.overseer import Overseer, slope


@pytest.mark.timeout(180)
def test_a_short_soak_leaves_nothing_behind_and_loses_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    overseer = Overseer(tmp_path, seed=1, kill_s=1.0, restart_s=1.5)
    assert overseer.run(4.0, said.append) == []
    assert overseer.faults["clients killed"]
    assert overseer.faults["servers drained and started again"]
    assert any(line.startswith("acknowledged: ") for line in said)


def test_what_is_lost_or_done_twice_is_found(tmp_path: Path) -> None:
    overseer = Overseer(tmp_path, seed=1)
    journal, acknowledged = tmp_path / "journal", tmp_path / "acknowledged"
    journal.write_text("a 1\na 2\na 2\n")
    acknowledged.write_text("a 1\na 3\na 4")

    class Stopped:
        name = "server"

    Stopped.journal = journal  # type: ignore[attr-defined]
    overseer.servers.append(Stopped())  # type: ignore[arg-type]
    overseer.files.append(("server", acknowledged))
    overseer.check_journals(lambda text: None)
    assert overseer.problems == [
        "server did 1 things twice, such as 'a 2'",
        "acknowledged and lost by server: 'a 3'",
    ]


def test_growth_is_told_from_noise() -> None:
    assert slope([(0, 10.0), (1, 12.0), (2, 14.0)]) == pytest.approx(2.0)
    assert slope([(0, 10.0), (1, 10.0)]) == 0.0
