"""The table of limits says what holds."""

import re
from dataclasses import fields
from pathlib import Path

from pyro_core.settings import Limits, Timeouts

TABLE = Path(__file__).parents[1] / "docs" / "reference" / "limits.md"


def test_the_table_has_every_limit_with_its_default_and_unit() -> None:
    rows = re.findall(
        r"^\| `(\w+\.\w+)` \| (\S+) \| ([^|]+) \| ([^|]+) \|$", TABLE.read_text("utf-8"), re.MULTILINE
    )
    told = [(name, default) for name, default, _, _ in rows]
    holds = []
    for group, values in (("limits", Limits()), ("timeouts", Timeouts())):
        for field in fields(values):
            value = getattr(values, field.name)
            holds.append((f"{group}.{field.name}", "none" if value is None else str(value)))
    assert told == holds
    for name, _, unit, why in rows:
        assert why.strip(), name
        if name.endswith("_bytes"):
            assert unit == "bytes", name
        if name.startswith("timeouts."):
            assert unit == "seconds", name
