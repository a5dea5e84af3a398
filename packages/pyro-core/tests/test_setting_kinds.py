from dataclasses import dataclass, fields
from typing import Any

import pytest

from pyro_core.setting_kinds import PORT, Names, Seconds, Text, Whole, kind_of
from pyro_core.settings import ClientSettings, Limits, NameServerSettings, ServerSettings, Timeouts


@pytest.mark.parametrize("cls", [ClientSettings, ServerSettings, NameServerSettings, Limits, Timeouts])
def test_the_kind_of_every_setting_is_known_and_takes_the_default(cls: Any) -> None:
    for field in fields(cls):
        default = getattr(cls(), field.name)
        if field.type not in (Limits, Timeouts) and default is not None:
            assert kind_of(field).of_value(default) == default


def test_names_that_end_in_port_are_ports() -> None:
    @dataclass
    class Settings:
        some_port: int = 1

    assert kind_of(fields(Settings)[0]) is PORT


def test_text_may_stand_for_other_text_and_for_nothing() -> None:
    kind = Text(optional=True, meaning={"old": "new"})
    assert [kind.of_text(text) for text in (" old ", "other", " ")] == ["new", "other", None]


def test_names_lose_their_blanks() -> None:
    assert Names().of_text("a, b ,,c") == ("a", "b", "c")
    assert Names().of_value([" a "]) == ("a",)


@pytest.mark.parametrize("value", [3, 7, True, "4", 4.0, None])
def test_a_whole_number_outside_of_its_bounds_is_refused(value: object) -> None:
    assert [Whole(4, 6).of_value(number) for number in (4, 6)] == [4, 6]
    with pytest.raises(ValueError, match=r"^a whole number from 4 to 6$"):
        Whole(4, 6).of_value(value)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), True, "1", None])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^a number of seconds, 0 or more$"):
        Seconds().of_value(value)
