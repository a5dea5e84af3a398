"""Daemons of the tests of the two chapters (``docs/reference/client-chapter.md``, ``server-chapter.md``)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pyro_core.convert import ClassRules
from pyro_core.settings import ServerSettings
from pyro_core.uri import URI
from pyro_server import Daemon, expose, oneway

PATIENCE_S = 20.0
LOOPBACK = ServerSettings(host="127.0.0.1")


@contextmanager
def serving(
    obj: Any, object_id: str | None = None, *, rules: ClassRules | None = None, **settings: Any
) -> Iterator[URI]:
    """Serve an object or a class in a daemon of its own, in a background thread.

    Args:
        obj: The object or class.
        object_id: Its id.
        rules: Rules for sending and receiving classes.
        settings: What differs from the default settings.

    Yields:
        Its address.
    """
    with Daemon(replace(LOOPBACK, **settings), rules=rules) as daemon:
        uri = daemon.register(obj, object_id)
        daemon.start()
        yield uri


@expose
class MusicServer:
    """The chapter's example."""

    def __init__(self) -> None:
        self.playing = "nothing"
        self.told = threading.Event()
        self.may_go_on = threading.Event()
        self.threads: list[int] = []
        self._volume = 5

    def load_playlist(self, name: str) -> None:
        if not name:
            raise LookupError("a playlist has a name")
        self.playing = name

    def current_song(self) -> str:
        return self.playing

    @property
    def volume(self) -> int:
        return self._volume

    @volume.setter
    def volume(self, value: int) -> None:
        self._volume = value

    @property
    def maker(self) -> str:
        return "us"

    @oneway
    def tell(self, problem: bool = False) -> str:
        self.threads.append(threading.get_ident())
        if problem:
            self.told.set()
            raise ValueError("nobody hears of this")
        self.may_go_on.wait(PATIENCE_S)
        self.told.set()
        return "nobody gets this"

    def wait_for_permission(self) -> bool:
        return self.may_go_on.wait(PATIENCE_S)

    def permit(self) -> None:
        self.may_go_on.set()

    def was_told(self) -> bool:
        return self.told.wait(PATIENCE_S)

    def echo(self, value: Any) -> Any:
        return value

    def kind_of(self, value: Any) -> str:
        return type(value).__name__

    def _private(self) -> str:
        return "never seen"
