"""Kinds of things that an office has."""

from pyro_server import expose, oneway


@expose
class Resource:
    """Anything that the office has."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name


class Printer(Resource):
    """Puts things on paper."""

    @expose
    @oneway
    def print(self, text: str) -> None:
        """Print something."""
        print(f"{self._name} prints {text!r}", flush=True)


class LaserPrinter(Printer):
    """A printer without ink."""


class TapeStorage(Resource):
    """Keeps things, slowly."""
