"""The access log: a JSON object for each call, and no secrets."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pyro_core.errors import SettingsError
from pyro_observe import access_log
from pyro_observe.access_log import AccessLog

TRACE = "0af7651916cd43dd8448eb211c80319c"
ID = UUID(int=5)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    access_log.observer.cache_clear()
    for handler in access_log.log.handlers[:]:
        access_log.log.removeHandler(handler)
        handler.close()
    access_log.log.setLevel(logging.NOTSET)
    access_log.log.propagate = True


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "pyro.access")
    return caplog


def test_what_a_line_tells(log: pytest.LogCaptureFixture, tell: Any) -> None:
    tell(
        AccessLog(),
        principal="ann",
        bytes_in=100,
        bytes_out=50,
        correlation_id=ID.bytes,
        annotations_in={"TRCE": f"00-{TRACE}-b7ad6b7169203331-01".encode(), "SECR": b"hush"},
        error=ValueError("hush"),
    )
    (record,) = log.records
    told = json.loads(record.getMessage())
    assert record.fields == told  # type: ignore[attr-defined]
    assert told.pop("time").endswith("Z")
    assert 0 < told.pop("duration_ms") < 1000
    assert told == {
        "side": "server",
        "peer": "127.0.0.1:5000",
        "principal": "ann",
        "object": "thing",
        "method": "add",
        "kind": "call",
        "outcome": "ValueError",
        "bytes_in": 100,
        "bytes_out": 50,
        "correlation_id": str(ID),
        "trace_id": TRACE,
    }
    assert "hush" not in record.getMessage()


def test_names_that_a_peer_made_up_are_one_short_line(log: pytest.LogCaptureFixture, tell: Any) -> None:
    tell(AccessLog(), "line\nbreak" * 1000)
    (record,) = log.records
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 700


def test_some_calls_that_go_well_and_all_that_fail(log: pytest.LogCaptureFixture, tell: Any) -> None:
    chances = iter([0.1, 0.9, 0.49])
    some = AccessLog(0.5, draw=lambda: next(chances))
    for method in ("first", "second", "third"):
        tell(some, method)
    tell(some, "failed", error=ValueError())
    assert [json.loads(record.getMessage())["method"] for record in log.records] == [
        "first",
        "third",
        "failed",
    ]


def test_nothing_is_made_where_nobody_reads_it(tell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    access_log.log.setLevel(logging.WARNING)
    monkeypatch.setattr(access_log, "_fields", lambda call: pytest.fail("a line was made"))
    tell(AccessLog())


def test_a_file_takes_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Any) -> None:
    path = tmp_path / "access.jsonl"
    monkeypatch.setenv("PYRO_ACCESS_LOG", str(path))
    tell(access_log.observer(), "add")
    path.rename(tmp_path / "older.jsonl")  # as logrotate does
    tell(access_log.observer(), "note")
    assert json.loads(path.read_text())["method"] == "note"
    assert json.loads((tmp_path / "older.jsonl").read_text())["method"] == "add"


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_ACCESS_LOG", str(tmp_path / "missing" / "access.jsonl"))
    with pytest.raises(SettingsError, match="cannot be written to: No such file"):
        access_log.observer()


@pytest.mark.parametrize("text", ["2", "-0.1", "half", "nan"])
def test_a_share_is_from_0_to_1(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_ACCESS_LOG_SAMPLE", text)
    with pytest.raises(SettingsError, match=r"PYRO_ACCESS_LOG_SAMPLE.*a number from 0 to 1"):
        access_log.observer()
