"""docs/reference/plugins.md has every group of plugins, and names contracts and suites that exist."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from pyro_core import plugins

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "plugins.md").read_text("utf-8")
PUBLIC = (plugins.serializers, plugins.transports, plugins.storages, plugins.commands, plugins.observers)


def test_the_table_has_every_group() -> None:
    assert re.findall(r"^\| `(pyro\.[\w.]+)` \|", PAGE, re.MULTILINE) == [
        registry().group for registry in PUBLIC
    ]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(pyro_\w+(?:\.\w+)+)`", PAGE))))
def test_what_the_page_names_exists(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    try:
        import_module(name)
    except ModuleNotFoundError:
        assert hasattr(import_module(module), attribute)
