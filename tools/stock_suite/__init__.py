"""Stock Pyro4's own test suite, run against the facade: `python tools/stock_suite --help`."""
