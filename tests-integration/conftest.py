"""What all integration tests share."""

import sys

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the stock environment, if a collected test may ask for it, before any test's time limit runs."""
    stock_env = sys.modules.get("stock_env")
    if stock_env and session.items and not session.config.option.collectonly:
        try:
            stock_env.stock_python()
        except stock_env.StockEnvironmentError:
            pass  # said again, and reported, by each test that asks
