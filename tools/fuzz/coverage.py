"""What fuzz targets have in common when they are run by hand, or by atheris."""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Check = Callable[[bytes], None]


def available() -> bool:
    """Whether this Python has atheris."""
    try:
        importlib.import_module("atheris")
    except ImportError:
        return False
    return True


def look(check: Check, options: Sequence[str]) -> None:
    """Look for inputs that reach new lines; ends the process."""
    atheris: Any = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *options], check)
    atheris.Fuzz()


def files_of(names: Sequence[str]) -> list[Path]:
    """The files that are named, and those in the folders that are named."""
    files: list[Path] = []
    for path in map(Path, names):
        files += sorted(path.iterdir()) if path.is_dir() else [path]
    return files


def main(arguments: Sequence[str], check: Check, corpus: Sequence[str]) -> int:
    """Run what the arguments ask for; gives the exit code.

    Args:
        arguments: Files and folders, ``-`` for standard input, or ``--fuzz`` and options of atheris.
        check: Raises if its bytes break the invariant.
        corpus: Files and folders if none are named.
    """
    if arguments[:1] == ["--fuzz"]:
        if not available():
            print("atheris is not installed: 'pip install atheris', or name files to check", file=sys.stderr)
            return 2
        look(check, arguments[1:] or corpus)
    elif arguments == ["-"]:
        check(sys.stdin.buffer.read())
    else:
        files = files_of(arguments or corpus)
        for file in files:
            check(file.read_bytes())
        print(f"{len(files)} files: the invariant holds")
    return 0
