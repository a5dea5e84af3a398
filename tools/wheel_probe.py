"""Import everything that one installed distribution brings.

Run by check_wheels.py inside the environment to probe: ``python -I wheel_probe.py DISTRIBUTION IMPORT_NAME``.
Prints one JSON object: ``missing`` maps what could not be imported to the foreign module that is not
installed, ``broken`` maps it to any other error.
"""

import importlib
import importlib.metadata
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator


def missing_module(error: BaseException | None) -> str | None:
    """Return the name of the absent module that an error, or what caused it, is about."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return error.name
        error = error.__cause__ or error.__context__
    return None


class Probe:
    """Loads one thing after the other and keeps what went wrong."""

    def __init__(self, import_name: str) -> None:
        self.import_name = import_name
        self.missing: dict[str, str] = {}
        self.broken: dict[str, str] = {}

    def load(self, label: str, loader: Callable[[], object]) -> object:
        """Return what the loader returns, or None when it fails."""
        try:
            return loader()
        except Exception as error:
            name = missing_module(error)
            if name and name.partition(".")[0] != self.import_name:
                self.missing[label] = name
            else:
                self.broken[label] = f"{type(error).__name__}: {error}"
            return None

    def load_package(self, name: str) -> None:
        """Import a package and everything below it."""
        package = self.load(name, lambda: importlib.import_module(name))
        for child in submodules(name, package):
            self.load_package(child)


def submodules(name: str, module: object) -> Iterator[str]:
    """Yield the names of the modules in a package, without its `__main__`."""
    for info in pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}."):
        if not info.name.endswith(".__main__"):
            yield info.name


def main(distribution: str, import_name: str) -> None:
    """Probe one distribution and print the result."""
    probe = Probe(import_name)
    probe.load_package(import_name)
    for entry_point in importlib.metadata.distribution(distribution).entry_points:
        probe.load(f"{entry_point.group}: {entry_point.name} = {entry_point.value}", entry_point.load)
    print(json.dumps({"missing": probe.missing, "broken": probe.broken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
