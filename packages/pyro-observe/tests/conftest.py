"""Calls as observers are told of them, without a connection."""

from collections.abc import Callable
from typing import Any

import pytest

from pyro_core.observing import ObservedCall, Observer, Observers, Side

Tell = Callable[..., ObservedCall]


def tell(observer: Observer, method: str = "add", *, side: Side = "server", **facts: Any) -> ObservedCall:
    """Have a call begin and end; gives it. A fact is known from the beginning, an error at the end."""
    call = ObservedCall(side, facts.pop("flags", 0))
    error = facts.pop("error", None)
    call.aims_at(facts.pop("object_id", "thing"), method, ())
    call.known, call.service, call.peer = True, "Thing", "127.0.0.1:5000"
    for name, value in facts.items():
        setattr(call, name, value)
    observers = Observers([observer])
    observers.begin(call)
    call.error = error
    observers.end(call)
    return call


@pytest.fixture(name="tell")
def tell_fixture() -> Tell:
    return tell
