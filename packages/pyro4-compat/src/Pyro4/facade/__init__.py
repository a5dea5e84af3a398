"""How the interface of Pyro4 is mapped onto the packages that do the work. Not part of that interface."""

from Pyro4.__about__ import __version__ as VERSION_OF_FACADE

__all__ = ["VERSION_OF_FACADE"]
