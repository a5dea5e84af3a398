import json
from pathlib import Path

from pyro_core.testing.recordings import Recording, read_recordings


def test_messages_are_read_and_other_entries_left_out(tmp_path: Path) -> None:
    entries = {
        "_meta": {"source": "somewhere"},
        "udp/question": {"hex": "00", "meaning": "a datagram"},
        "a/1": {"hex": "0aff", "meaning": "two bytes", "outcome": None, "parsed": None},
        "a/2": {"hex": "", "meaning": "nothing", "outcome": "closed", "parsed": {"seq": 1}},
    }
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    assert read_recordings(file) == {
        "a/1": Recording("a/1", b"\x0a\xff", "two bytes", "", {}),
        "a/2": Recording("a/2", b"", "nothing", "closed", {"seq": 1}),
    }
