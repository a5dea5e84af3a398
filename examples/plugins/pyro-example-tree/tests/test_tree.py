"""Commands have no conformance suite: they are run as users run them."""

import pytest
from click.testing import CliRunner
from pyro_example_tree import drawn, tree

from pyro_client import locate_ns
from pyro_nameserver import start_ns


def test_each_branch_is_drawn_once() -> None:
    names = ["shop.till.2", "shop", "lab", "shop.till.1", "shop-old.till"]
    assert list(drawn(names)) == ["lab", "shop", "  till", "    1", "    2", "shop-old", "  till"]


def test_it_asks_the_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with start_ns("127.0.0.1", 0) as nameserver:
        monkeypatch.setenv("PYRO_NS_HOST", f"127.0.0.1:{nameserver.uri.port}")
        with locate_ns() as phone_book:
            phone_book.register("shop.till", "PYRO:till@10.0.0.5:4444")
        shown = CliRunner().invoke(tree, ["shop."])
        assert (shown.exit_code, shown.output) == (0, "shop\n  till\n")
        shown = CliRunner().invoke(tree, ["--format", "jsonl"])
        assert '{"name": "shop.till", "uri": "PYRO:till@10.0.0.5:4444"}' in shown.output.splitlines()
