"""Stock Pyro4's example programs, run against the facade: `python tools/stock_examples --help`."""
