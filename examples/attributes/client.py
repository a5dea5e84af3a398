"""Reads and writes attributes of a remote object, and is refused what is not offered.

Usage: python client.py URI
"""

import sys
from collections.abc import Callable

from pyro_client import Proxy


def attempt(what: str, action: Callable[[], object]) -> None:
    """Do something that is to fail, and show how."""
    try:
        print(f"{what}: worked, which it should not: {action()!r}")
    except (AttributeError, ValueError) as problem:
        text = str(problem).replace(f" {str(uri)!r}", "")
        print(f"{what}: {type(problem).__name__}: {text}")


def use(thermostat: Proxy) -> None:
    """What is exposed can be used like a local attribute."""
    print(f"wanted: {thermostat.wanted}")
    thermostat.wanted = 22.5
    print(f"after writing: {thermostat.describe()}")
    attempt("writing 40", lambda: setattr(thermostat, "wanted", 40.0))  # the setter raised it, over there
    attempt("writing what is read-only", lambda: setattr(thermostat, "limits", {}))
    thermostat.limits["high"] = 100.0  # changes the copy that was just read, and nothing else
    print(f"limits: {thermostat.limits}, {len(thermostat)} of them")


def ask_what_there_is(thermostat: Proxy) -> None:
    """A proxy knows what its object offers; nothing else can be reached."""
    known = thermostat._pyro.metadata
    print(f"attributes: {sorted(known.attrs)}, methods: {sorted(known.methods)}")
    print(f"hasattr: {hasattr(thermostat, 'wanted')} {hasattr(thermostat, 'service_code')}")
    attempt("a plain attribute", lambda: thermostat.hardware)
    attempt("a typing error", lambda: thermostat.wandet)
    attempt("a new attribute", lambda: setattr(thermostat, "colour", "red"))


def climb(thermostat: Proxy) -> None:
    """One call reaches one member of one object, also for a client that does not ask its proxy first."""
    attempt("a dotted name, politely", lambda: getattr(thermostat, "limits.clear"))
    for name in ("limits.clear", "describe.__globals__", "__init__", "service_code"):
        attempt(f"{name}, by force", lambda name=name: thermostat._pyro.invoke(name))
    print(f"nothing was changed: {thermostat.limits}")


if __name__ == "__main__":
    uri = sys.argv[1]
    with Proxy(uri) as proxy:
        use(proxy)
        ask_what_there_is(proxy)
        climb(proxy)
