"""Version of the distribution; that of Pyro4, whose interface this is, is ``Pyro4.constants.VERSION``."""

__version__ = "0.1.0"
