"""From a decoded call to its value, for daemons that ask what a client may do."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pyro_core.calls import Blob
from pyro_core.context import current_call
from pyro_core.errors import SecurityError
from pyro_core.identity import Access, Authorizer, Decision, Principal
from pyro_core.names import DAEMON_ID, GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_server.access_log import note_denied
from pyro_server.dispatch import Dispatcher
from pyro_server.instances import Sessions
from pyro_server.objects import Entry, ObjectTable

ALWAYS: Final = frozenset(
    {"ping", "get_metadata", "describe_members", "get_next_stream_item", "close_stream"}
)
"""What everybody may ask the daemon itself. What of an object may be told, and to whom the items of a stream
belong, is looked at there."""
_MOST_REMEMBERED: Final = 1000
"""Decisions that one connection remembers: clients choose the names in them."""
_ACCESSES: Final[Mapping[str, Access]] = {GET_ATTRIBUTE: "get", SET_ATTRIBUTE: "set"}

log = logging.getLogger("pyro_server.guarded_dispatch")


class GuardedDispatcher(Dispatcher):
    """Calls the objects of one daemon, as far as its authorizer allows it.

    It is asked before anything else, so that who may not use an object does not learn whether there is one.

    Args:
        objects: The objects.
        max_batch_calls: How many calls a batch may hold.
        authorizer: Is asked.
    """

    def __init__(self, objects: ObjectTable, *, max_batch_calls: int, authorizer: Authorizer) -> None:
        super().__init__(objects, max_batch_calls=max_batch_calls)
        self.unguarded = {}
        self._authorizer = authorizer

    def described(self, object_id: str) -> Entry:
        if object_id != DAEMON_ID:
            self._require("describe", object_id, "")
        return super().described(object_id)

    def call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        sessions: Sessions,
    ) -> Any:
        access = _ACCESSES.get(method)
        if access is None:
            self._require("call", object_id, method)
        else:
            self._require(access, object_id, args[0] if args and isinstance(args[0], str) else "")
        return super().call(object_id, method, args, kwargs, sessions)

    def asynchronous(self, object_id: str, name: str, sessions: Sessions) -> Callable[..., Any] | None:
        # Whatever is not asynchronous comes to ``call`` next, which asks.
        entry = self._by_id.get(object_id)
        method = entry.members.methods.get(name) if entry is not None else None
        if method is None or not method.asynchronous:
            return None
        self._require("call", object_id, name)
        return super().asynchronous(object_id, name, sessions)

    def batch(
        self,
        object_id: str,
        calls: Any,
        sessions: Sessions,
        finish: Callable[[Any], Any] = lambda result: result,
    ) -> list[Any]:
        names: dict[str, None] = {}
        if type(calls) in (list, tuple) and len(calls) <= self._max_batch_calls:
            shaped = (call for call in calls if type(call) in (list, tuple) and call)
            names = dict.fromkeys(call[0] for call in shaped if type(call[0]) is str)
        for name in names:  # all of them: if one is denied, nothing was done
            self._require("call", object_id, name)
        if not names:  # it is refused, or does nothing; but only if the client may know of the object
            self._require("describe", object_id, "")
        return super().batch(object_id, calls, sessions, finish)

    def blob(self, object_id: str, method: str, blob: Blob, sessions: Sessions) -> Any:
        self._require("call", object_id, method)
        return super().blob(object_id, method, blob, sessions)

    def _require(self, access: Access, object_id: str, name: str) -> None:
        """Raise SecurityError if the client of the running call may not do that."""
        if object_id == DAEMON_ID and access == "call" and name in ALWAYS:
            return
        connection = current_call().connection
        allowed = connection.allowed
        key = (access, object_id, name)
        if key in allowed:
            return
        principal = connection.principal
        decision = self._decision(principal, access, object_id, name)
        if decision.allowed:
            if decision.lasting and len(allowed) < _MOST_REMEMBERED:
                connection.allowed = allowed | {key}
            return
        note_denied(
            principal, connection.peer, object=object_id, access=access, name=name, reason=decision.reason
        )
        what = "use" if access == "describe" else f"{access} {name!r:.120} of"
        reason = f"; {decision.reason}" if decision.reason else ""
        raise SecurityError(f"not authorized: {principal} may not {what} {object_id!r:.120} here{reason}")

    def _decision(self, principal: Principal, access: Access, object_id: str, name: str) -> Decision:
        try:
            decision = self._authorizer.authorize(principal, object_id, name, access)
            if type(decision) is Decision:
                return decision
            raise TypeError(f"{self._authorizer!r} gave {decision!r:.120}, and no Decision")
        except SecurityError as problem:
            return Decision(False, str(problem))
        except Exception:
            log.exception("the authorizer failed; what it was asked about is denied")
            return Decision(False, "the daemon failed to decide about it; its log tells why")
