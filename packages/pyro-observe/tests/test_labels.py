"""Labels: known names as they are, and never more and more of them."""

from uuid import uuid4

import pytest

from pyro_core.observing import ObservedCall
from pyro_observe.labels import OTHER, Labels


def call_of(object_id: str, method: str, *, known: bool = True, service: str = "Thing") -> ObservedCall:
    call = ObservedCall("server")
    call.object_id, call.method, call.known, call.service = object_id, method, known, service
    return call


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (call_of("thing", "add"), ("thing", "add")),
        (call_of("thing", "made-up", known=False), ("thing", OTHER)),
        (call_of("made-up", "add", known=False, service=""), (OTHER, OTHER)),
        (call_of(f"obj_{uuid4().hex}", "add"), ("Thing", "add")),
        (call_of(f"obj_{uuid4().hex}", "add", service=""), ("obj", "add")),
    ],
    ids=["known", "unknown method", "unknown object", "generated id", "generated id elsewhere"],
)
def test_names(call: ObservedCall, expected: tuple[str, str]) -> None:
    assert Labels().of(call) == expected


def test_a_thousand_objects_are_not_a_thousand_labels() -> None:
    labels = Labels(most=3)
    found = {labels.of(call_of(f"cart-{number}", "add")) for number in range(1000)}
    assert found == {("cart-0", "add"), ("cart-1", "add"), ("cart-2", "add"), (OTHER, OTHER)}
    assert labels.of(call_of("cart-1", "add")) == ("cart-1", "add")
