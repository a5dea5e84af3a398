"""Rules that turn instances of classes into dicts and back.

The stock convention: an object travels as a dict with the key ``__class__``. Which dicts come back as
objects is decided here, per daemon and per proxy; nothing is registered for a whole process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType

from pyro_core import remote_errors
from pyro_core.calls import ObjectRef
from pyro_core.errors import PyroError, SecurityError, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    ToDict = Callable[[Any], dict[str, Any]]
    FromDict = Callable[[str, dict[str, Any]], Any]


CLASS_KEY: Final = "__class__"
EXCEPTION_KEY: Final = "__exception__"
_URI_TAGS: Final = {PROTOCOL_502: "Pyro5.core.URI", PROTOCOL_48: "Pyro4.core.URI"}
_ALL_URI_TAGS: Final = frozenset(_URI_TAGS.values())
_PROXY_TAGS: Final = {PROTOCOL_502: "Pyro5.client.Proxy", PROTOCOL_48: "Pyro4.core.Proxy"}
_FAILURE_TAGS: Final = {
    PROTOCOL_502: "Pyro5.core._ExceptionWrapper",
    PROTOCOL_48: "Pyro4.futures._ExceptionWrapper",
}


class BatchFailure:
    """Stands in a batch's results for the call that failed.

    Args:
        error: What that call raised.
    """

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"BatchFailure({self.error!r})"


class ClassRules:
    """The classes that one daemon or one proxy can send and receive beside the plain types.

    Attributes:
        reference_of: Gives the reference under which an object is to travel instead of a copy of it, or
            None. A daemon sets it, so that registered objects become proxies at the other side.
        revive: Makes a proxy, or whatever else, of a received reference. None leaves the reference.
        replace: Gives what is to travel instead of an object that a format does not know: any other value, or
            that object itself. None replaces nothing.
        rebuild: Makes an exception of a received description.
    """

    def __init__(self) -> None:
        self._to_dict: dict[type, ToDict] = {}
        self._from_dict: dict[str, FromDict] = {}
        self.reference_of: Callable[[object], ObjectRef | None] | None = None
        self.revive: Callable[[ObjectRef], Any] | None = None
        self.replace: Callable[[Any], Any] | None = None
        self.rebuild: Callable[[Mapping[str, Any]], BaseException] = remote_errors.rebuild

    def register_class_to_dict(self, cls: type, to_dict: ToDict) -> None:
        """Send instances of a class, and of its subclasses, as a dict.

        Args:
            cls: The class.
            to_dict: Gives the dict; its ``__class__`` is added if missing. The first rule that matches wins.
        """
        # A new dict: other threads may be reading the old one.
        self._to_dict = {**self._to_dict, cls: to_dict}

    def register(self, cls: Any = None, name: str | None = None) -> Any:
        """Let instances of a class travel both ways as what they are; also as a decorator.

        For dataclasses, enums, named tuples, attrs classes, pydantic models (validated on arrival),
        exceptions, and classes that keep their state in attributes. Both sides register the class.

        Args:
            cls: The class; None makes a decorator.
            name: The name under which it travels; None for module and name of the class. Give one where the
                two sides have it in modules of different names, such as a program that is run as a script.

        Returns:
            The class.

        Raises:
            TypeError: If it is none of these.
        """
        if cls is None:
            return lambda decorated: self.register(decorated, name)
        from pyro_core.class_kinds import rules_for

        tag = name or (_class_name(cls) if isinstance(cls, type) else "")
        to_dict, from_dict = rules_for(cls, tag)
        self.register_class_to_dict(cls, to_dict)
        self.register_dict_to_class(tag, from_dict)
        return cls

    def unregister_class_to_dict(self, cls: type) -> None:
        """Forget the rule for a class; no error if there is none."""
        self._to_dict = {known: rule for known, rule in self._to_dict.items() if known is not cls}

    def register_dict_to_class(self, tag: str, from_dict: FromDict) -> None:
        """Make objects of received dicts.

        Args:
            tag: Their ``__class__``.
            from_dict: Called with tag and dict; gives the object.
        """
        self._from_dict[tag] = from_dict

    def unregister_dict_to_class(self, tag: str) -> None:
        """Forget the rule for a tag; no error if there is none."""
        self._from_dict.pop(tag, None)

    def copy(self) -> ClassRules:
        """Independent rules that start out the same."""
        twin = ClassRules()
        twin._to_dict = dict(self._to_dict)
        twin._from_dict = dict(self._from_dict)
        twin.reference_of = self.reference_of
        twin.revive = self.revive
        twin.replace = self.replace
        twin.rebuild = self.rebuild
        return twin

    def for_version(self, version: int) -> ClassCodec:
        """These rules as a serializer needs them; later registrations are seen by it too."""
        return ClassCodec(self, version)


DEFAULTS: Final = ClassRules()
"""Rules for all daemons and proxies of this program; those of their own come first."""


class ClassCodec:
    """``ClassRules`` with the names that one protocol version uses for our own classes.

    Args:
        rules: The rules.
        version: Protocol version of the peer.
    """

    __slots__ = ("rules", "version")

    def __init__(self, rules: ClassRules, version: int) -> None:
        self.rules = rules
        self.version = version

    def to_wire(self, value: object) -> Any:
        """What to send in place of an instance that the format does not know.

        Returns:
            A dict with ``__class__``, whose values may need the same treatment again.

        Raises:
            SerializeError: If there is no way to take it apart.
        """
        wire = self.by_rule(value)
        return wire if wire is not None else self.apart(value)

    def apart(self, value: object) -> Any:
        """The same for an instance for which there is no rule, as ``by_rule`` said before."""
        if isinstance(value, URI):
            return {CLASS_KEY: _URI_TAGS[self.version], "state": value.state()}
        if isinstance(value, BaseException):
            return remote_errors.describe(value, self.version)
        if isinstance(value, BatchFailure):
            return {
                CLASS_KEY: _FAILURE_TAGS[self.version],
                "exception": remote_errors.describe(value.error, self.version),
            }
        wire = dict(_state(value))
        wire.setdefault(CLASS_KEY, _class_name(type(value)))  # at the end, where stock peers put it
        return wire

    def by_rule(self, value: object) -> Any:
        """What to send in place of an instance that travels by reference or by a rule of the program.

        A serializer that has a form of its own for a class asks here first, so that the program's rule wins.

        Returns:
            A dict with ``__class__``, or whatever replaces the instance; None if no rule applies.
        """
        if self.rules.replace is not None:
            other = self.rules.replace(value)
            if other is not value:
                return other
        reference = None if type(value) is URI else self.reference(value)  # an address is no daemon's object
        if reference is not None:
            return self._describe_reference(reference)
        for known in (self.rules._to_dict, DEFAULTS._to_dict):
            for cls, to_dict in known.items():
                if isinstance(value, cls):
                    return _by_own_rule(value, to_dict)
        return None

    def from_wire(self, wire: dict[str, Any]) -> Any:
        """The object that a received dict with ``__class__`` stands for.

        Args:
            wire: The dict, its values already decoded.

        Raises:
            SecurityError: If the class name is one that nobody has an honest use for.
            SerializeError: If there is no rule for it, or the rule failed.
        """
        tag = wire[CLASS_KEY]
        if isinstance(tag, bytes):
            tag = tag.decode("latin-1")
        from_dict = None
        if isinstance(tag, str):
            from_dict = self.rules._from_dict.get(tag) or DEFAULTS._from_dict.get(tag)
        if from_dict is not None:
            try:
                return from_dict(tag, wire)
            except (SerializeError, SecurityError):
                raise
            except Exception as problem:
                raise SerializeError(
                    f"the rule of register_dict_to_class({tag!r}, ...) failed on what arrived: "
                    f"{type(problem).__name__}: {problem}"
                ) from problem
        # What is defined in a program that was started as a script is called so, and is as honest as others.
        if not isinstance(tag, str) or "__" in tag.removeprefix("__main__."):
            raise SecurityError(f"refused to decode an object of class {tag!r}")
        if tag in _ALL_URI_TAGS:
            return _read_uri(wire.get("state"))
        if tag in _PROXY_TAGS.values():
            reference = _read_reference(wire.get("state"))
            return self.rules.revive(reference) if self.rules.revive is not None else reference
        if tag in _FAILURE_TAGS.values():
            error = wire.get("exception")
            if isinstance(error, dict):  # a format that decodes containers from the outside in
                error = self.from_wire(error)
            if isinstance(error, BaseException):
                return BatchFailure(error)
        if wire.get(EXCEPTION_KEY):
            return self.rules.rebuild(wire)
        raise SerializeError(
            f"unsupported serialized class: {tag}; register_dict_to_class({tag!r}, ...) makes it known here. "
            f"(A dict with the key {CLASS_KEY!r} stands for an object, except between two of our own peers.)"
        )

    def revive(self, value: Any) -> Any:
        """Objects in place of their dicts, at any depth of plain containers, for formats without a hook."""
        kind = type(value)
        if kind is dict:
            revived = {key: self.revive(item) for key, item in value.items()}
            return self.from_wire(revived) if CLASS_KEY in revived else revived
        if kind is list:
            return [self.revive(item) for item in value]
        if kind is tuple:
            return tuple([self.revive(item) for item in value])
        if kind is set:
            return {self.revive(item) for item in value}
        return value

    def reference(self, value: object) -> ObjectRef | None:
        """The reference under which an object travels instead of a copy of it, or None."""
        if isinstance(value, ObjectRef):
            return value
        own = getattr(type(value), "__pyro_ref__", None)
        if own is not None:
            reference = own(value)
            if isinstance(reference, ObjectRef):
                return reference
        return self.rules.reference_of(value) if self.rules.reference_of is not None else None

    def _describe_reference(self, ref: ObjectRef) -> dict[str, Any]:
        known = ref.metadata
        names = (tuple(sorted(known.oneway)), tuple(sorted(known.methods)), tuple(sorted(known.attrs)))
        if self.version == PROTOCOL_48:
            state: tuple[Any, ...] = (str(ref.uri), *names, 0.0, None, ref.handshake, 0, ref.serializer)
        else:
            state = (str(ref.uri), *names, ref.handshake, ref.serializer)
        return {CLASS_KEY: _PROXY_TAGS[self.version], "state": state}


def _by_own_rule(value: object, to_dict: ToDict) -> dict[str, Any]:
    try:
        return {CLASS_KEY: _class_name(type(value)), **to_dict(value)}
    except (SerializeError, SecurityError, RecursionError):  # the last for a value that contains itself
        raise
    except Exception as problem:
        raise SerializeError(
            f"the rule of register_class_to_dict for {type(value)!r} failed: "
            f"{type(problem).__name__}: {problem}"
        ) from problem


def _read_uri(state: Any) -> URI:
    try:
        return URI.from_state(state)
    except PyroError as problem:
        raise SerializeError(f"cannot read a received address: {problem}") from problem


def _read_reference(state: Any) -> ObjectRef:
    """Read the state of a proxy: six parts in protocol 502, eight or nine in 48."""
    try:
        if len(state) == 6:
            uri, oneway, methods, attrs, handshake, serializer = state
        else:
            uri, oneway, methods, attrs, _timeout, _hmac, handshake, _retries, *rest = state
            serializer = rest[0] if rest else None
        metadata = Metadata.from_wire({"methods": methods, "oneway": oneway, "attrs": attrs})
        if not isinstance(serializer, str | None):
            raise TypeError(f"the serializer must be a name, got {serializer!r:.40}")
        return ObjectRef(URI(uri), metadata, handshake, serializer)
    except (TypeError, ValueError, PyroError) as problem:
        raise SerializeError(
            f"cannot read a received proxy: {problem}; its state is {state!r:.120}"
        ) from problem


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def _state(value: object) -> Mapping[str, Any]:
    """The attributes of an instance: its own ``__getstate__`` if that gives a dict, else all it has."""
    cls = type(value)
    if getattr(cls, "__getstate__", None) is not getattr(object, "__getstate__", None):
        state = value.__getstate__()
        if isinstance(state, dict):
            return state
    if not isinstance(value, type | FunctionType | ModuleType):
        if not hasattr(cls, "__slots__") and hasattr(value, "__dict__"):
            return vars(value)
        slots = {name: getattr(value, name) for name in _slots(cls) if hasattr(value, name)}
        if slots or hasattr(value, "__dict__"):
            return {**slots, **getattr(value, "__dict__", {})}
    raise SerializeError(
        f"don't know how to serialize class {cls!r}; "
        "register_class_to_dict(...) makes it known, or give it vars() or a __getstate__ that returns a dict"
    )


def _slots(cls: type) -> Iterator[str]:
    """Attributes that a class keeps in slots. Private ones are mangled, as they are in a ``__dict__``."""
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name in ("__dict__", "__weakref__"):
                continue
            private = name.startswith("__") and not name.endswith("__")
            yield f"_{base.__name__.lstrip('_')}{name}" if private else name
