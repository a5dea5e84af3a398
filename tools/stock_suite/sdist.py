"""Stock Pyro4's source distribution: fetched from the package index, never part of this repository."""

import hashlib
import os
import tarfile
import tempfile
from pathlib import Path

from stock_suite.commands import run, uv
from stock_suite.problems import SuiteError, UnavailableError

REQUIREMENT = "Pyro4==4.82"
FILE = "Pyro4-4.82.tar.gz"
SIZE_BYTES = 516_110
SHA256 = "511f5b0804e92dd77dc33adf9c947787e3f9e9c5a96b12162f0557a7c4ce21fb"


def cache_folder() -> Path:
    """Where downloads are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "python-remote-objects"


def check(archive: Path) -> None:
    """Check that a file is the source distribution that the lists of node ids were made from.

    Raises:
        SuiteError: If its size or SHA-256 differs.
    """
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if len(content) != SIZE_BYTES or digest != SHA256:
        raise SuiteError(
            f"{archive} is not the source distribution of {REQUIREMENT}: it has {len(content)} bytes and "
            f"SHA-256 {digest}, expected {SIZE_BYTES} bytes and {SHA256}"
        )


def fetch(cache: Path) -> Path:
    """Return the source distribution, from the cache or else from the package index.

    Raises:
        UnavailableError: If the package index cannot be had.
        SuiteError: If what came is not the expected file.
    """
    kept = cache / FILE
    if kept.exists():
        try:
            check(kept)
            return kept
        except SuiteError:
            kept.unlink()
    cache.mkdir(parents=True, exist_ok=True)
    # In the cache folder, so that the move at the end is atomic.
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as folder:
        fetched = Path(folder) / FILE
        try:
            _download(fetched.parent)
        except SuiteError as error:
            raise UnavailableError(f"cannot fetch {REQUIREMENT} from the package index: {error}") from error
        check(fetched)
        fetched.replace(kept)
    return kept


def _download(folder: Path) -> None:
    # uv cannot download; pip can, and uv brings it.
    with_pip = [*uv(), "run", "--quiet", "--isolated", "--no-project", "--with", "pip", "python", "-m", "pip"]
    options = ["--quiet", "--no-deps", "--no-binary", "Pyro4", "--dest", str(folder)]
    run([*with_pip, "download", *options, REQUIREMENT])
    if not (folder / FILE).exists():
        raise SuiteError(f"pip brought {sorted(path.name for path in folder.iterdir())}, expected {FILE}")


def unpack(archive: Path, folder: Path, *wanted: str) -> Path:
    """Unpack some of its folders into a folder; return the first of them.

    Never all: with ``src`` on the path, stock Pyro4 might be run instead of the facade.
    """
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            # The first part is the name of the distribution.
            name = member.name.partition("/")[2]
            if name.partition("/")[0] in wanted:
                opened.extract(member.replace(name=name, deep=False), folder, filter="data")
    return folder / wanted[0]
