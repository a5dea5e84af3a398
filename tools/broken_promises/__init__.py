"""Breaks each promise once, to see that its test fails: `python tools/broken_promises --help`."""
