"""The benchmark runs, and tells what was reached. How fast anything is, no test says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKLOADS = ("W1a", "W3", "W4", "W5", "W8", "W12")
OURS, OURS_ASYNC, FLOOR = "ours, msgpack", "ours on asyncio, msgpack", "F2 raw sockets, msgpack"


@pytest.mark.timeout(60)
def test_each_peer_gives_right_answers_and_the_goals_are_judged(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    labels = "|".join((OURS, OURS_ASYNC, FLOOR))
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "tools/bench"), *WORKLOADS),
            *("--quick", "--peers", labels, "--json", str(figures)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text(encoding="utf8"))
    for workload in WORKLOADS:
        both = {OURS, FLOOR} if workload == "W3" else {OURS, OURS_ASYNC, FLOOR}
        assert set(found[workload]) == both
        assert all(cost["seconds"] > 0 for cost in found[workload].values())
    assert {goal["verdict"] for goal in found["goals"]} <= {"met", "first rung", "missed"}
    assert f"of {len(found['goals'])} goals met" in done.stdout


def test_unknown_parts_are_refused_with_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/bench"), "W99"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no such part: W99; there are W1a, W1b" in done.stderr


@pytest.mark.timeout(60)
def test_http_gateways_are_compared_in_one_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    options = ("--clients", "4", "--seconds", "0.2", "--turns", "1", "--json", str(figures))
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/bench/http_gateways.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(figures.read_text(encoding="utf8"))
    assert list(found) == ["ours, typed JSON", "ours, classic form", "Pyro5's gateway"]
    assert all(rate > 0 for rate in found.values())
    assert "goal: 5 x Pyro5's gateway:" in done.stdout


def test_curves_have_what_they_were_measured_at(tmp_path: Path) -> None:
    curves = tmp_path / "curves.json"
    command = [sys.executable, str(ROOT / "tools/bench/curves.py"), "measure", str(curves), "--quick"]
    subprocess.run(command, check=True, capture_output=True)
    found = json.loads(curves.read_text(encoding="utf8"))
    assert {name: [size for size, _ in curve] for name, curve in found.items()} == {
        "payload": [1, 4],
        "connections": [1, 10],
        "objects": [1, 10],
        "names": [1, 10],
    }
    assert all(cost > 0 for curve in found.values() for _, cost in curve)


@pytest.mark.skipif(
    which("py-spy", path=str(Path(sys.executable).parent)) is None, reason="py-spy is not installed here"
)
def test_a_profile_has_a_picture_and_a_table_of_each_side(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "tools/bench/flames.py"),
        "W1a",
        "--seconds",
        "0.3",
        "--folder",
        "out",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "Permission Denied" in done.stderr:
        pytest.skip("this system does not let a process look into another one")
    assert done.returncode == 0, done.stderr
    for side in ("server", "client"):
        assert f"{side} of W1a, {OURS}; the flame graph is" in done.stdout
        assert (tmp_path / "out" / f"W1a-{side}.svg").read_text(encoding="utf8").rstrip().endswith("</svg>")
    _, server, client = done.stdout.split("; the flame graph is")
    for table in (server, client):
        assert len(re.findall(r"^ +\d+\.\d% +\d+\.\d%  \S+ \(", table, re.MULTILINE)) > 5
