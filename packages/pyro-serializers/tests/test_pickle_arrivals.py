import copyreg
from typing import Any

from pyro_core.calls import ObjectRef
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.uri import URI
from pyro_serializers.pickle_arrivals import (
    Arrival,
    ArrivingBatchFailure,
    ArrivingProxy,
    ArrivingURI,
    replace_arrivals,
)

STATE = ("PYRO", "thing", None, "localhost", 1)


def test_an_address_turns_into_ours_when_its_state_comes() -> None:
    for uri in (ArrivingURI(), copyreg.__newobj__(ArrivingURI)):  # type: ignore[attr-defined]
        uri.__setstate__(STATE)
        assert type(uri) is URI
        assert uri == URI("PYRO:thing@localhost:1")


def test_a_proxy_becomes_what_the_rules_say() -> None:
    class Here(ArrivingProxy):
        codec = ClassRules().for_version(48)
        arrived: list[Arrival] = []  # noqa: RUF012

    arriving = copyreg._reconstructor(Here, object, None)  # type: ignore[attr-defined]
    uri = ArrivingURI()
    uri.__setstate__(STATE)
    arriving.__setstate__((uri, set(), {"call"}, set(), 0.0, None, "hi", 0, None))
    assert Here.arrived == [arriving]
    assert isinstance(arriving.value, ObjectRef)
    assert arriving.value.uri == uri
    assert arriving.value.metadata.methods == {"call"}


def test_a_failure_turns_up_with_its_exception() -> None:
    failure = ArrivingBatchFailure()
    failure.__setstate__({"exception": KeyError("k")})
    assert isinstance(failure, BatchFailure)
    assert isinstance(failure.error, KeyError)


class Box:
    def __init__(self, inside: Any) -> None:
        self.inside = inside


def arrival(value: object) -> Arrival:
    made = Arrival()
    made.value = value
    return made


def test_place_holders_are_replaced_in_containers_and_instances() -> None:
    box = Box([arrival(1)])
    value = [arrival(2), (arrival(3), {"k": arrival(4)}), {arrival(5)}, frozenset({arrival(6)}), box]
    replaced = replace_arrivals(value)
    assert replaced == [2, (3, {"k": 4}), {5}, frozenset({6}), box]
    assert box.inside == [1]
    assert replace_arrivals(arrival(7)) == 7


def test_values_that_contain_themselves_are_walked_once() -> None:
    loop: list[Any] = [arrival(1)]
    loop.append(loop)
    box = Box(arrival(2))
    box.me = box  # type: ignore[attr-defined]
    loop.append(box)
    replaced = replace_arrivals(loop)
    assert replaced[0] == 1
    assert replaced[1] is replaced
    assert box.inside == 2
