import io
import os
import stat

import pytest

from pyro_core.errors import SecurityError
from pyro_flame.files import PIECE_BYTES, allowed_path, contents, pieces_of, replacing


@pytest.fixture
def roots(tmp_path):
    for name in ("first", "second", "first-not"):
        (tmp_path / name).mkdir()
    (tmp_path / "first" / "out").symlink_to(tmp_path)
    (tmp_path / "first" / "file").write_bytes(b"x")
    (tmp_path / "first" / "inside").symlink_to(tmp_path / "first" / "file")
    return [tmp_path / "first", str(tmp_path / "second")]


@pytest.mark.parametrize("path", ["new", "file", "inside", "a/../new", "../second/new", "{}/second/new"])
def test_paths_in_the_folders(roots, tmp_path, path) -> None:
    found = allowed_path(roots, path.format(tmp_path), "get_files")
    assert found.parent in (tmp_path / "first", tmp_path / "second")


@pytest.mark.parametrize(
    "path", ["..", "../new", "out/new", "/etc/passwd", "../first-not/new", "{}/first/../new"]
)
def test_paths_outside_of_the_folders(roots, tmp_path, path) -> None:
    with pytest.raises(
        SecurityError, match=r"not in a folder of get_files; its folder in Policy\(get_files="
    ):
        allowed_path(roots, path.format(tmp_path), "get_files")


@pytest.mark.parametrize("folders", ["roots", "anywhere"])
def test_what_is_no_file(roots, tmp_path, folders) -> None:
    os.mkfifo(tmp_path / "first" / "fifo")
    with pytest.raises(FileExistsError, match="expected a file"):
        allowed_path(True if folders == "anywhere" else roots, str(tmp_path / "first" / "fifo"), "get_files")


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_a_file_in_pieces(size) -> None:
    data = os.urandom(size)
    told = []
    pieces = pieces_of(io.BytesIO(data), size)
    assert b"".join(contents(pieces, lambda *now: told.append(now))) == data
    assert told[0] == (0, size)
    assert told[-1] == (size, size)


@pytest.mark.parametrize("pieces", [[], [3, b"abc"], [3, b"abc", "0" * 64], [3, b"ab", pieces_of]])
def test_what_does_not_arrive_whole_is_no_file(pieces, tmp_path) -> None:
    *_, digest = pieces_of(io.BytesIO(b"abc"), 3)
    arriving = [digest if piece is pieces_of else piece for piece in pieces]
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="send it again"), replacing(target) as file:
        file.writelines(contents(arriving))
    assert os.listdir(tmp_path) == ["target"]
    assert target.read_bytes() == b"old"


def test_a_new_file_is_its_owners(tmp_path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    target.chmod(0o644)
    with replacing(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
