"""The keys of names in etcd, and watching them."""

import contextlib
import http.client
import logging
import socket
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from pyro_core.errors import NamingError, RevisionGone
from pyro_nameserver.storage.base import Change, ChangeKind, Subscription
from pyro_nameserver.storage.encoding import from_json
from pyro_nameserver.storage.etcd_gateway import (
    EtcdError,
    EtcdGateway,
    UnavailableError,
    connected,
    decoded,
    encoded,
    lines,
)

_log = logging.getLogger("pyro_nameserver.storage.etcd")

_SILENT_S: Final = 10.0
"""A watch without news for so long is made anew, perhaps at another member: this one may be cut off."""
_END: Final[list[Change]] = []
"""Put into the queue when there will be no more changes."""


class Keys:
    """The keys of one name server's names, as they are written in requests.

    Args:
        root: What all of them begin with.

    Attributes:
        begun: Holds what is added to etcd's revisions.
        removed: Written with each removal.
    """

    def __init__(self, root: str) -> None:
        self._root = f"{root}/".encode()
        self._names = f"{root}/names/".encode()
        self.begun = encoded(self._root + b"begun")
        self.removed = encoded(self._root + b"removed")

    def of(self, name: str) -> str:
        """The key of a name."""
        return encoded(self._names + name.encode())

    def name_in(self, key: str) -> str:
        """The name whose key it is."""
        return decoded(key)[len(self._names) :].decode()

    def is_name(self, key: str) -> bool:
        """Whether it is the key of a name."""
        return decoded(key).startswith(self._names)

    def names(self, prefix: str = "") -> dict[str, Any]:
        """The range of all names with a prefix."""
        return _range(self._names + prefix.encode())

    def everything(self) -> dict[str, Any]:
        """The range of all keys."""
        return _range(self._root)


class EtcdSubscription(Subscription):
    """The changes of names in etcd. A thread reads them; it goes on at another member when one is lost.

    Args:
        gateway: Where etcd is.
        keys: The keys of the names.
        base: What is added to etcd's revisions.
        after: Revision, with that, after which to begin.
    """

    def __init__(self, gateway: EtcdGateway, keys: Keys, base: int, after: int) -> None:
        self._gateway = gateway
        self._keys = keys
        self._base = base
        self._after = after
        self._found: SimpleQueue[list[Change] | NamingError] = SimpleQueue()
        self._socket: socket.socket | None = None
        self._closed = False
        self._heard = False  # from the member that is asked now
        self._thread = Thread(target=self._run, name="pyro-ns-etcd-watch", daemon=True)
        self._thread.start()

    def changes(self, timeout_s: float) -> list[Change]:
        found: list[Change] = []
        try:
            news = self._found.get(timeout=timeout_s) if timeout_s > 0 else self._found.get_nowait()
            while True:
                if isinstance(news, NamingError):
                    if not found:
                        self._found.put(news)  # and so says every further call
                        raise news
                    self._found.put(news)
                    return found
                if news is _END:
                    self._found.put(_END)
                    return found
                found += news
                news = self._found.get_nowait()
        except Empty:
            return found

    def close(self) -> None:
        self._closed = True
        self.hang_up()
        self._thread.join()

    def hang_up(self) -> None:
        """Make the thread look whether it is to end."""
        with contextlib.suppress(OSError):  # it is closed already
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        turn = 0
        while not self._closed and not self._gateway.is_closed:
            member = self._gateway.current()
            connection = member.connection()
            before, self._heard = self._after, False
            try:
                self._socket = connected(connection, _SILENT_S)
                self._read(connection)
            except (OSError, http.client.HTTPException, ValueError, UnavailableError, EtcdError) as problem:
                if not (self._heard and isinstance(problem, TimeoutError)):  # more than that nothing happened
                    self._gateway.failed(member)
                    if turn == 0 and not self._closed and not self._gateway.is_closed:
                        _log.warning(
                            "watching etcd at %s failed, going on with the next: %s", member, problem
                        )
            except NamingError as problem:  # which is so at every member
                self._found.put(problem)
                return
            finally:
                connection.close()
            turn = 0 if self._after > before else turn + 1
            if not self._gateway.pause(turn):
                break
        self._found.put(_END)

    def _read(self, connection: http.client.HTTPConnection) -> None:
        start = self._after - self._base + 1
        request = {"create_request": {**self._keys.everything(), "start_revision": str(start)}}
        for message in lines(connection, "/v3/watch", request):
            self._heard = True
            if self._closed or self._gateway.is_closed:
                return
            if message.get("canceled"):
                if int(message.get("compact_revision", 0)):
                    raise RevisionGone(self._after)
                raise EtcdError(0, message.get("cancel_reason", "the watch was ended"), connection.host)
            found = self._changes_in(message.get("events", ()))
            if found:
                self._found.put(found)

    def _changes_in(self, events: Iterable[dict[str, Any]]) -> list[Change]:
        found = []
        for revision, group in groupby(((int(e["kv"]["mod_revision"]), e) for e in events), itemgetter(0)):
            step = [event for _, event in group]
            gone: ChangeKind = (
                "removed" if any(e["kv"]["key"] == self._keys.removed for e in step) else "expired"
            )
            for event in step:
                kv = event["kv"]
                if not self._keys.is_name(kv["key"]):
                    continue
                name = self._keys.name_in(kv["key"])
                if event.get("type") == "DELETE":
                    found.append(Change(self._base + revision, gone, name, None))
                else:
                    kind: ChangeKind = "added" if kv["create_revision"] == kv["mod_revision"] else "changed"
                    found.append(Change(self._base + revision, kind, name, from_json(decoded(kv["value"]))))
            self._after = self._base + revision
        return found


def _range(prefix: bytes) -> dict[str, Any]:
    """All keys with a prefix; its last byte is never the largest there is, as it is UTF-8."""
    return {"key": encoded(prefix), "range_end": encoded(prefix[:-1] + bytes([prefix[-1] + 1]))}
