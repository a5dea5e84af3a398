"""The remote object of the interoperability tests, free of any generation's imports.

Each server script gives it the decorators and the call context of its own generation.
"""

import threading


class OutOfPaper(Exception):
    """An exception that no other process knows."""


class Thing:
    """Something of everything that can be called."""

    def __init__(self, context):
        self._context = context
        self._value = 17
        self._noted = threading.Event()
        self._note = None
        self._closed = threading.Event()

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value

    def add(self, a, b=1):
        return a + b

    def echo(self, value):
        return value

    def divide(self, a, b):
        return a // b

    def fail_with_attribute(self):
        error = ValueError("bad", 42)
        error.extra = "attached"
        raise error

    def fail_with_own_class(self):
        raise OutOfPaper("tray 2 is empty")

    def leave(self):
        raise SystemExit("a method tried to end the server")

    def note(self, text):
        """One-way."""
        self._note = text
        self._noted.set()

    def wait_for_note(self):
        """What the last one-way call brought; waits for it."""
        self._noted.wait(10)
        self._noted.clear()
        return self._note

    def count_to(self, number):
        """An item stream."""
        try:
            yield from range(1, number + 1)
        finally:
            self._closed.set()

    def wait_for_close(self):
        """Whether the last item stream was closed; waits for it."""
        closed = self._closed.wait(10)
        self._closed.clear()
        return closed

    def annotations(self):
        """What came along with the request; sends RESP along with the reply."""
        seen = {
            key: bytes(value).decode() for key, value in self._context().annotations.items() if key == "TEST"
        }
        self._context().response_annotations = {"RESP": b"from the server"}
        return seen

    def correlation(self):
        """The correlation id of the request, as text."""
        return str(self._context().correlation_id)

    def blob(self, blob):
        """What arrived in a value that stays serialized."""
        return [blob.info, blob.deserialized()]

    def _private(self):
        return "never"


EXPOSED = [name for name in vars(Thing) if not name.startswith("_")]
ONEWAY = "note"
