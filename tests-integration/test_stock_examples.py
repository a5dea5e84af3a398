"""Stock Pyro4's example programs run with our module Pyro4 in place of the stock one."""

import pytest
import stock_tools


@pytest.mark.timeout(90)
def test_the_quick_examples_go_as_people_know_them() -> None:
    stock_tools.require_all_well("stock_examples", "--quick", limit_s=60)
