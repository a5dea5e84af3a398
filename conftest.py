"""For all tests: Hypothesis makes up the same in every run, and files that take long come first.

``hatch run fuzz`` looks for what Hypothesis has not made up here.
"""

import pytest
from hypothesis import settings

settings.register_profile("the same every time", derandomize=True, deadline=None)
settings.load_profile("the same every time")

LONG = (
    *("stock_suite", "names_survive", "examples", "broadcast_discovery", "http_console"),
    *("postgres_storage", "tls_stock_peers", "names_that_last", "pyro4_facade", "name_servers"),
    *("ns_commands", "etcd_storage", "command_line_tools", "faults", "hostile_crowds", "plugins"),
    *("pages", "http_gateway", "readme", "bench"),
)
"""Of tests-integration, by how long they take. Begun last they keep one process busy, the others idle."""
_PLACES = {f"test_{name}": place for place, name in enumerate(LONG)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring them forward; all else stays in its order."""
    items.sort(key=lambda item: _PLACES.get(item.path.stem, len(LONG)))
