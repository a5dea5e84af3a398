"""Stock Pyro4's own test suite passes with our module Pyro4 in place of the stock one."""

import pytest
import stock_tools

LIMIT_S = 900


@pytest.mark.skipif(
    not (stock_tools.ROOT / "packages" / "pyro4-compat").is_dir(), reason="packages/pyro4-compat is not here"
)
@pytest.mark.timeout(LIMIT_S + 30)
def test_what_stock_promises_in_its_own_tests_holds() -> None:
    stock_tools.require_all_well("stock_suite", limit_s=LIMIT_S)
