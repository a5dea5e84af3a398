import io
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from fuzz import framebuffer_target as target

from pyro_core.framebuffer import FrameBuffer
from pyro_core.wire import v48, v502
from pyro_core.wire.message import Message


def test_invariant_holds_for_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert target.main([]) == 0
    count = len(list(target.CORPUS.iterdir()))
    assert count > 20
    assert capsys.readouterr().out == f"{count} files: the invariant holds\n"


def test_corpus_reaches_both_versions_and_every_kind() -> None:
    seen = set()
    for file in target.CORPUS.iterdir():
        messages, error = target.parse([file.read_bytes()], None)
        seen |= {(message.version, message.kind) for message in messages} | {error}
    assert seen >= {(version, kind) for version in (48, 502) for kind in range(1, 7)}
    assert seen >= {"ProtocolError", "MessageTooLarge", ""}


def test_corpus_cut_short_or_joined_keeps_the_invariant() -> None:
    files = [file.read_bytes() for file in sorted(target.CORPUS.iterdir())]
    for data, following in pairwise(files):
        target.check(data[: len(data) // 2])
        target.check(data + following)


def test_standard_input_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(v502.pack(4, 1, 1, b"payload"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert target.main(["-"]) == 0
    assert data.read() == b""


def test_a_parser_that_breaks_the_invariant_is_caught(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Forgetful(FrameBuffer):
        __slots__ = ()

        def next(self) -> Message | None:
            message = super().next()
            if self.mid_message and self.pending > 30:
                self.feed(b"\0")
            return message

    monkeypatch.setattr(target, "FrameBuffer", Forgetful)
    (tmp_path / "one").write_bytes(v48.pack(4, 1, 1, b"payload" * 9))
    with pytest.raises(AssertionError, match="differ"):
        target.main([str(tmp_path)])
