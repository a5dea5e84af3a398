import io
import json
import os
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from pathlib import Path
from shutil import copyfile

import pytest
from stock_suite import choosing, environments, judging, outcomes, recording_conftest, report, sdist
from stock_suite.judging import NAME_ONLY, PUBLIC, STRUCTURE, Expectations
from stock_suite.outcomes import FAILED, MISSING, PASSED, SKIPPED, FileRun, Outcome
from stock_suite.problems import SuiteError

OPEN = "PyroTests/test_a.py::A::testOpen"
NAMED = "PyroTests/test_a.py::A::testNamed"
INNER = "PyroTests/test_b.py::B::testInner"
ALL = (OPEN, NAMED, INNER)
GROUPS = {OPEN: PUBLIC, NAMED: NAME_ONLY, INNER: STRUCTURE}


def expected(*, skips: tuple[str, ...] = (), accepted: dict[str, str] | None = None) -> Expectations:
    return Expectations(GROUPS, skips, accepted or {})


def run_of(**by_name: str) -> dict[str, FileRun]:
    """A run of test_a in which testOpen and testNamed ended as given, and one of test_b that passed."""
    given = {OPEN: by_name.get("open", PASSED), NAMED: by_name.get("named", PASSED)}
    a = FileRun({node: Outcome(outcome, "why") for node, outcome in given.items()})
    return {"test_a": a, "test_b": FileRun({INNER: Outcome(by_name.get("inner", PASSED))})}


def event(what: str, **fields: object) -> str:
    return json.dumps({"what": what, **fields})


# ---- the lists


def test_every_test_of_the_suite_is_in_one_group() -> None:
    lines = [
        line
        for name in judging.LISTS.values()
        for line in (judging.HERE / name).read_text(encoding="utf8").splitlines()
    ]
    assert len(lines) == len(set(lines)) == 644
    assert Counter(judging.load_groups().values()) == {PUBLIC: 502, NAME_ONLY: 105, STRUCTURE: 37}


def test_accepted_and_skipped_tests_are_known_and_have_a_reason() -> None:
    groups = judging.load_groups()
    for name, tables in (
        ("accepted.toml", {"facade", "stock"}),
        ("stock_skips.toml", {"always", "without-ipv6"}),
    ):
        content = tomllib.loads((judging.HERE / name).read_text(encoding="utf8"))
        assert set(content) == tables
        for node, reason in (item for table in content.values() for item in table.items()):
            assert groups[node] in judging.JUDGED
            assert reason.strip()


def test_ipv6_tests_may_be_skipped_only_where_there_is_no_ipv6() -> None:
    with_it, without = (judging.load("facade", ipv6=ipv6).skips for ipv6 in (True, False))
    assert len(with_it) == 20
    assert {node.rpartition("::")[2][-1] for node in set(without) - set(with_it)} == {"6"}


def test_the_facade_and_every_package_it_needs_are_installed() -> None:
    packages = {path.parent.name for path in environments.ROOT.glob("packages/*/pyproject.toml")}
    assert packages <= set(environments.OURS)
    assert environments.DISTRIBUTION["facade"] in environments.OURS


# ---- choosing


def test_without_names_everything_is_chosen() -> None:
    assert choosing.choose(ALL, [], []) == list(ALL)


@pytest.mark.parametrize("name", ["test_b", "test_b.py", "PyroTests/test_b.py"])
def test_a_file_is_chosen_by_name(name: str) -> None:
    assert choosing.choose(ALL, [name], []) == [INNER]


@pytest.mark.parametrize("name", [NAMED, "test_a.py::A::testNamed", "A::testNamed", "testNamed"])
def test_a_test_is_chosen_by_the_end_of_its_node_id(name: str) -> None:
    assert choosing.choose(ALL, [], [name]) == [NAMED]


@pytest.mark.parametrize(
    ("files", "shown"), [(["test_c"], []), ([], ["Named"]), (["test_a"], ["testMissing"])]
)
def test_a_name_that_fits_nothing_is_an_error(files: list[str], shown: list[str]) -> None:
    with pytest.raises(SuiteError, match=r"has no (test_c|Named|testMissing)$"):
        choosing.choose(ALL, files, shown)


# ---- reading the record


def test_a_record_tells_what_became_of_each_test() -> None:
    lines = [
        *(event("collected", node=node) for node in ALL),
        event("deselected", node=INNER),
        event("started", node=OPEN),
        event("ended", node=OPEN, outcome=FAILED, reason="r", text="t", seconds=0.5),
        event("over"),
        event("exit"),
    ]
    run = outcomes.read(lines, ended="")
    assert run.outcomes[OPEN] == Outcome(FAILED, "r", "t", 0.5)
    assert run.outcomes[NAMED].outcome == MISSING
    assert run.deselected == {INNER}
    assert not run.problem


def test_the_test_in_which_the_process_ended_has_failed() -> None:
    lines = [event("collected", node=OPEN), event("started", node=OPEN), '{"what": "en']
    run = outcomes.read(lines, ended="status -6", log="stacks")
    assert run.outcomes[OPEN] == Outcome(FAILED, "the process ended in this test (status -6)", "stacks")
    assert run.problem == "status -6"


@pytest.mark.parametrize(
    ("lines", "ended", "problem"),
    [
        ([], "", "the process ended before the tests were over"),
        ([event("over")], "", "threads left behind kept the process from ending"),
        ([event("over"), event("exit")], "", ""),
        (
            [event("broken", node="x", reason="ImportError: y"), event("over"), event("exit")],
            "status 2",
            "cannot be collected: ImportError: y; status 2",
        ),
    ],
)
def test_a_problem_with_a_whole_file_is_told(lines: list[str], ended: str, problem: str) -> None:
    assert outcomes.read(lines, ended=ended).problem == problem


# ---- judging


@pytest.mark.parametrize(
    ("by_name", "good"),
    [
        ({}, True),
        ({"inner": FAILED}, True),
        ({"open": FAILED}, False),
        ({"named": FAILED}, False),
        ({"open": SKIPPED}, False),
        ({"named": MISSING}, False),
    ],
)
def test_only_the_public_and_the_name_only_tests_are_judged(by_name: dict[str, str], good: bool) -> None:
    verdict = judging.judge(expected(), run_of(**by_name), ALL)
    assert verdict.good is good
    assert len(verdict.lines) == (not good)


def test_what_stock_skips_may_be_skipped() -> None:
    assert judging.judge(expected(skips=(OPEN,)), run_of(open=SKIPPED), ALL).good
    assert not judging.judge(expected(skips=(OPEN,)), run_of(open=FAILED), ALL).good


def test_an_accepted_failure_is_shown_and_does_not_count() -> None:
    verdict = judging.judge(expected(accepted={OPEN: "on purpose"}), run_of(open=FAILED), ALL)
    assert verdict.good
    assert report.failures(verdict) == ["[public] test_a.py::A::testOpen: accepted (on purpose): why"]


def test_an_accepted_test_that_passes_is_a_problem() -> None:
    verdict = judging.judge(expected(accepted={OPEN: "on purpose"}), run_of(), ALL)
    assert not verdict.good
    assert verdict.problems == [f"accepted.toml lists {OPEN}, but it passes: take it out"]


@pytest.mark.parametrize("node", [INNER, "PyroTests/test_a.py::A::testUnknown"])
def test_only_judged_tests_can_be_accepted(node: str) -> None:
    verdict = judging.judge(expected(accepted={node: "on purpose"}), run_of(), ALL)
    assert verdict.problems == [f"accepted.toml names {node}, which is not in a group that is judged"]


def test_tests_of_a_file_that_cannot_be_collected_are_missing() -> None:
    runs = {"test_a": FileRun(problem="cannot be collected: x")}
    verdict = judging.judge(expected(), runs, ALL)
    assert {node: outcome.outcome for node, outcome in verdict.outcomes.items()} == {
        OPEN: MISSING,
        NAMED: MISSING,
    }
    assert report.failures(verdict) == [
        "[name only] test_a: not collected: cannot be collected: x (1 tests)",
        "[public] test_a: not collected: cannot be collected: x (1 tests)",
        "[problem] test_a: cannot be collected: x",
    ]


def test_what_an_expression_leaves_out_is_not_missing() -> None:
    runs = {"test_a": FileRun({OPEN: Outcome(PASSED)}, deselected=frozenset({NAMED}))}
    verdict = judging.judge(expected(), runs, ALL)
    assert set(verdict.outcomes) == {OPEN}
    assert verdict.good


def test_a_run_without_any_test_is_a_problem() -> None:
    runs = {"test_a": FileRun(deselected=frozenset({OPEN, NAMED}))}
    verdict = judging.judge(expected(), runs, ALL)
    assert verdict.problems == ["no test was run"]
    assert report.table(verdict, expected(), runs)


def test_a_test_in_no_list_is_a_problem() -> None:
    node = "PyroTests/test_a.py::A::testNew"
    runs = {"test_a": FileRun({**run_of()["test_a"].outcomes, node: Outcome(PASSED)})}
    assert judging.judge(expected(), runs, ALL).problems == [f"{node} is in no list"]


# ---- the report


def test_the_table_counts_by_file_and_group() -> None:
    runs = run_of(open=FAILED, named=SKIPPED)
    lines = report.table(judging.judge(expected(), runs, ALL), expected(), runs)
    told = {words[0]: " ".join(words[1:]) for words in map(str.split, lines[2:])}
    assert told == {
        "test_a": ". 1 1 . . 1 . . . . 1 . . . . . 0.0",
        "test_b": "1 . . . . . . . . . . . 1 . . . 0.0",
        "total": "1 1 1 . . 1 . . . . 1 . 1 . . .",
    }


def test_everything_can_be_written_as_json(tmp_path: Path) -> None:
    runs = run_of(open=FAILED)
    report.write(tmp_path / "out.json", judging.judge(expected(), runs, ALL), expected(), runs)
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["good"] is False
    assert told["tests"][OPEN] == {
        "outcome": FAILED, "reason": "why", "text": "", "seconds": 0.0, "group": PUBLIC,
    }  # fmt: skip
    assert set(told["files"]) == {"test_a", "test_b"}


# ---- the source distribution


def archive_of(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_only_the_wanted_folders_are_unpacked(tmp_path: Path) -> None:
    names = (
        "tests/PyroTests/test_a.py",
        "certs/key.pem",
        "src/Pyro4/__init__.py",
        "testsomething",
        "setup.py",
    )
    archive = archive_of(tmp_path / "a.tar.gz", **{f"Pyro4-4.82/{name}": name.encode() for name in names})
    folder = tmp_path / "out"
    assert sdist.unpack(archive, folder, "tests", "certs") == folder / "tests"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {"tests/PyroTests/test_a.py", "certs/key.pem"}
    assert (folder / "certs/key.pem").read_text() == "certs/key.pem"


def test_nothing_is_unpacked_outside_the_folder(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", **{"Pyro4-4.82/tests/../../escaped": b""})
    with pytest.raises(tarfile.OutsideDestinationError):
        sdist.unpack(archive, tmp_path / "out", "tests")
    assert not (tmp_path / "escaped").exists()


def test_another_file_is_not_taken_for_the_source_distribution(tmp_path: Path) -> None:
    other = archive_of(tmp_path / sdist.FILE)
    with pytest.raises(SuiteError, match=f"expected {sdist.SIZE_BYTES} bytes"):
        sdist.check(other)


def test_the_cache_is_where_the_platform_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert sdist.cache_folder() == tmp_path / "python-remote-objects"


# ---- the recorder

SUITE = """
import unittest
class T(unittest.TestCase):
    def testEquals(self): self.assertEquals(1, 1)
    def testBad(self): print("said"); raise KeyError("x")
    def testNot(self): self.skipTest("not now")
"""


def recorded(folder: Path, code: str, origin: Path, *arguments: str) -> tuple[int, FileRun]:
    """Run a suite with the recorder; return the exit status and what was recorded."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(code)
    (folder / "Pyro4.py").touch()
    copyfile(Path(recording_conftest.__file__), folder / "conftest.py")
    record = folder / "record"
    variables = {**os.environ, "PYTHONPATH": str(folder)}
    variables |= {recording_conftest.RECORD: str(record), recording_conftest.ORIGIN: str(origin)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py", *arguments]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False, timeout=50)
    lines = record.read_text().splitlines() if record.exists() else []
    return done.returncode, outcomes.read(lines, ended="")


def test_the_recorder_writes_what_happens(tmp_path: Path) -> None:
    status, run = recorded(tmp_path, SUITE, tmp_path / "Pyro4.py")
    assert status == 1
    assert not run.problem
    told = {node.rpartition("::")[2]: (test.outcome, test.reason) for node, test in run.outcomes.items()}
    assert told == {
        "testEquals": (PASSED, ""),
        "testBad": (FAILED, "KeyError: 'x'"),
        "testNot": (SKIPPED, "not now"),
    }
    assert "said" in run.outcomes["test_it.py::T::testBad"].text


def test_the_recorder_tells_what_an_expression_leaves_out(tmp_path: Path) -> None:
    _, run = recorded(tmp_path, SUITE, tmp_path / "Pyro4.py", "-k", "Equals")
    assert list(run.outcomes) == ["test_it.py::T::testEquals"]
    assert len(run.deselected) == 2


def test_the_recorder_tells_why_a_file_cannot_be_collected(tmp_path: Path) -> None:
    _, run = recorded(tmp_path, "import nothing_of_this_name", tmp_path / "Pyro4.py")
    assert run.problem == "cannot be collected: ModuleNotFoundError: No module named 'nothing_of_this_name'"


def test_no_test_runs_with_another_pyro4(tmp_path: Path) -> None:
    status, run = recorded(tmp_path, SUITE, tmp_path / "elsewhere.py")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert not run.outcomes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("> x()\nE   ValueError: no\nE   more\n\nfile.py:1: ValueError", "ValueError: no"),
        ("E   assert 1 == 2\nE    + where", "assert 1 == 2"),
        ("E   A: first\nE   \nE   During\nE   b.B: second", "b.B: second"),
        ("no traceback\nlast line\n", "last line"),
        ("", ""),
    ],
)
def test_the_reason_is_the_line_that_names_the_error(text: str, reason: str) -> None:
    assert recording_conftest.last_error(text) == reason
