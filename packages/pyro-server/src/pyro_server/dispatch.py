"""From a decoded call to its value: finds the object, the instance and the member, and calls it.

Knows nothing of messages, serializers or connections' sockets. A method's errors pass through.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from pyro_core.calls import Blob
from pyro_core.convert import BatchFailure
from pyro_core.errors import DaemonError, ProtocolError
from pyro_core.members import Attribute
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_server.instances import Sessions, instance_for, method_for
from pyro_server.objects import Entry, ObjectTable

_SMALL: Final = frozenset({type(None), bool, int, float})
"""Types of results of a batch that need nothing, not even counting: the calls were counted."""
_USUAL: Final = frozenset({list, tuple})
_KEYWORDS: Final = frozenset({dict, type(None)})


class Dispatcher:
    """Calls the objects of one daemon.

    Args:
        objects: The objects.
        max_batch_calls: How many calls a batch may hold.

    Attributes:
        unguarded: Object id -> entry, of those whose methods everybody may call: all of them, unless a daemon
            asks what a client may do (see ``pyro_server.guarded_dispatch``).
    """

    def __init__(self, objects: ObjectTable, *, max_batch_calls: int) -> None:
        self.unguarded: Mapping[str, Entry] = objects.by_id
        self._objects = objects
        self._by_id = objects.by_id
        self._max_batch_calls = max_batch_calls

    def entry(self, object_id: str) -> Entry:
        """The registered object with that id.

        Raises:
            DaemonError: If there is none.
        """
        entry = self._by_id.get(object_id)
        if entry is None:
            raise DaemonError("unknown object")
        return entry

    def described(self, object_id: str) -> Entry:
        """The same, for telling the calling client what the object offers.

        Raises:
            DaemonError: If there is none.
            SecurityError: If the client may not know.
        """
        return self.entry(object_id)

    def call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        sessions: Sessions,
    ) -> Any:
        """Call a method, or read or write an attribute.

        Args:
            object_id: Which object.
            method: Which method.
            args: Positional arguments.
            kwargs: Keyword arguments; None for none.
            sessions: Instances of the calling connection.

        Returns:
            What the method returned.

        Raises:
            DaemonError: If there is no such object.
            AttributeError: If the name is not exposed.
        """
        entry = self._by_id.get(object_id)
        if entry is None:
            raise DaemonError("unknown object")
        function = entry.bound.get(method)
        if function is None:
            if method == GET_ATTRIBUTE:
                return self._get_attribute(entry, args, sessions)
            if method == SET_ATTRIBUTE:
                return self._set_attribute(entry, args, sessions)
            function = method_for(entry, method, sessions, self._objects)
        if kwargs:
            return function(*args, **kwargs)
        return function(*args)

    def asynchronous(self, object_id: str, name: str, sessions: Sessions) -> Callable[..., Any] | None:
        """What to call for an ``async def`` method; None for anything else, an unknown name included."""
        entry = self._by_id.get(object_id)
        method = entry.members.methods.get(name) if entry is not None else None
        if entry is None or method is None or not method.asynchronous:
            return None
        return method_for(entry, name, sessions, self._objects)

    def batch(
        self,
        object_id: str,
        calls: Any,
        sessions: Sessions,
        finish: Callable[[Any], Any] = lambda result: result,
    ) -> list[Any]:
        """Run several calls of one object, one after the other; the first that fails is the last.

        All methods are looked up before the first is called, so an unknown one means that nothing was done.

        Args:
            object_id: Which object.
            calls: Triples of method, positional and keyword arguments.
            sessions: Instances of the calling connection.
            finish: Gets each result that is more than a number or None, and gives what is to stand for it;
                what it raises is a failure of that call.

        Returns:
            The results; for a call that failed a ``BatchFailure``.

        Raises:
            ProtocolError: If ``calls`` is something else, or too long.
            DaemonError: If there is no such object.
            AttributeError: If one of the names is not exposed.
        """
        functions = self._functions(self.entry(object_id), calls, sessions)
        results: list[Any] = []
        for function, (_, args, kwargs) in zip(functions, calls, strict=True):
            try:
                result = function(*args, **kwargs) if kwargs else function(*args)
                if type(result) not in _SMALL:
                    result = finish(result)
            except BaseException as error:
                # Whatever it is, it is this call's answer, and the connection lives.
                results.append(BatchFailure(error))
                break
            results.append(result)
        return results

    def blob(self, object_id: str, method: str, blob: Blob, sessions: Sessions) -> Any:
        """Call a method with a value that stays serialized. Raises as ``call`` does."""
        return method_for(self.entry(object_id), method, sessions, self._objects)(blob)

    def _functions(self, entry: Entry, calls: Any, sessions: Sessions) -> list[Callable[..., Any]]:
        """What to call for each call of a batch, if all of them are calls."""
        objects = self._objects
        if type(calls) not in _USUAL or len(calls) > self._max_batch_calls:
            self._refuse_batch(calls)
        bound = entry.bound
        instance = None
        if entry.mode == "percall":  # one instance for the batch, as for any other request
            instance = instance_for(entry, sessions, objects)
            bound = entry.bind(instance)
        functions: list[Callable[..., Any]] = []
        try:
            for name, args, kwargs in calls:
                if type(name) is not str or type(args) not in _USUAL or type(kwargs) not in _KEYWORDS:
                    raise _no_call((name, args, kwargs))
                function = bound.get(name)
                if function is not None:
                    functions.append(function)
                elif instance is None:
                    functions.append(method_for(entry, name, sessions, objects))
                else:
                    functions.append(objects.method(entry, name).bound_to(instance, entry.members.cls))
        except (TypeError, ValueError):  # perhaps because one of them is no triple
            for call in calls:
                if type(call) not in _USUAL or len(call) != 3:
                    raise _no_call(call) from None
            raise
        return functions

    def _refuse_batch(self, calls: Any) -> NoReturn:
        if type(calls) not in _USUAL:
            raise ProtocolError(f"a batch must be a list of calls, got {calls!r:.120}", received=calls)
        raise ProtocolError(
            f"batch of {len(calls)} calls is longer than the limit of {self._max_batch_calls} calls; "
            "send several batches, or raise Limits.max_batch_calls of the daemon",
            expected=self._max_batch_calls,
            received=len(calls),
        )

    def _get_attribute(self, entry: Entry, args: Sequence[Any], sessions: Sessions) -> Any:
        name, attribute = self._attribute(entry, args, 1)
        if attribute.get is None:
            raise AttributeError(f"remote attribute {name!r} cannot be read: it has no getter")
        return attribute.get(instance_for(entry, sessions, self._objects))

    def _set_attribute(self, entry: Entry, args: Sequence[Any], sessions: Sessions) -> None:
        name, attribute = self._attribute(entry, args, 2)
        if attribute.set is None:
            raise AttributeError(f"remote attribute {name!r} cannot be changed: it has no setter")
        attribute.set(instance_for(entry, sessions, self._objects), args[1])

    def _attribute(self, entry: Entry, args: Sequence[Any], count: int) -> tuple[str, Attribute]:
        if len(args) != count or not isinstance(args[0], str):
            needed = "its name" if count == 1 else "its name and value"
            raise ProtocolError(f"access to an attribute needs {needed}, got {args!r:.120}", received=args)
        return args[0], self._objects.attribute(entry, args[0])


def _no_call(found: Any) -> ProtocolError:
    return ProtocolError(
        f"a call in a batch must be (method, arguments, keyword arguments), got {found!r:.120}",
        received=found,
    )
