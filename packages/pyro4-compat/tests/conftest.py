"""Importing ``Pyro4`` silences the log; tests of other packages in the same process look at theirs."""

import logging

import Pyro4  # noqa: F401 - for what importing does

logging.getLogger("Pyro4").setLevel(logging.NOTSET)
