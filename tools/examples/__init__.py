"""Our own example programs, run as their readers would: `python tools/examples --help`."""
