"""How a proxy of Pyro4 connects and calls, on top of the native client."""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from Pyro4.configuration import config
from Pyro4.errors import CommunicationError, SerializeError
from Pyro4.facade.context import state
from Pyro4.facade.failures import classic
from Pyro4.facade.keys import as_key, codecs_for
from Pyro4.facade.known_methods import _KnownRemoteMethod
from Pyro4.facade.profile import OUT_OF_DATE, ClassicProfile
from Pyro4.facade.raw_answers import received
from Pyro4.facade.registered import reference_for, reference_of
from Pyro4.facade.rules import classic_rules
from Pyro4.facade.streams import _StreamResultIterator
from Pyro4.facade.uri import URI
from Pyro4.futures import _ExceptionWrapper
from Pyro4.socketutil import SocketConnection
from pyro_client.channel import Channel
from pyro_client.channel_types import channel_type
from pyro_client.streams import RemoteIterator
from pyro_core import errors as native
from pyro_core.calls import ObjectRef
from pyro_core.context import enter_outgoing, leave_outgoing
from pyro_core.convert import BatchFailure
from pyro_core.names import ANNOTATION_CORRELATION, ANNOTATION_FEATURES, BATCH_METHOD, DAEMON_ID
from pyro_core.wire.message import BATCH, ONEWAY
from pyro_core.wire.sealed import SealError


class Hooks:
    """What programs override, or replace."""

    def _pyroAnnotations(self) -> Mapping[str, bytes]:
        """Override to send annotations with each request."""
        return {}

    def _pyroResponseAnnotations(self, annotations: Mapping[str, bytes], msgtype: int) -> None:
        """Override to see the annotations of each answer."""

    def _pyroValidateHandshake(self, response: Any) -> None:
        """Override to see the server's answer to the handshake; raise to refuse it."""


HOOKS: Final = frozenset(name for name in vars(Hooks) if name.startswith("_pyro"))


class Calling(Hooks):
    """The machinery of a proxy. Its attributes are those that programs for Pyro4 know.

    Attributes:
        _pyroRawWireResponse: Whether calls give the messages that answer them, as ``Pyro4.message.Message``.
    """

    _pyroUri: URI
    _pyroMethods: set[str]
    _pyroAttrs: set[str]
    _pyroRawWireResponse: bool
    _pyro_profile: ClassicProfile
    _pyro_channel: Channel

    def _pyro_assemble(self, uri: URI, sock: Any) -> None:
        rules = classic_rules()
        rules.revive = proxy_for
        rules.reference_of = reference_of
        profile = ClassicProfile(uri, rules=rules)
        try:
            profile.serializer_class(profile.settings.serializer)
        except native.PluginError as problem:
            raise SerializeError(f"serializer '{config.SERIALIZER}' is unknown or not available") from problem
        self._pyro_start(profile, uri, sock)

    def _pyro_start(self, profile: ClassicProfile, uri: URI, sock: Any = None) -> None:
        own = self.__dict__
        own["_pyroUri"] = uri
        own["_pyroMethods"] = set()
        own["_pyroAttrs"] = set()
        own["_pyroRawWireResponse"] = False
        own["_pyro_asynchronous"] = False
        own["_pyro_profile"] = profile
        own["_pyro_hmac_key"] = None
        own["_pyro_timeout"] = config.COMMTIMEOUT
        profile.codecs = codecs_for(None)
        own["_pyro_channel"] = channel_type(profile)(
            profile, sock=sock, on_metadata=_weakly(self, "_pyro_learn")
        )
        self._pyro_use_hooks()

    def _pyro_use_hooks(self) -> None:
        """Call what a subclass, or somebody else, has put in place of the hooks. Each of them costs time."""
        profile = self._pyro_profile
        profile.validate_handshake = _weakly(self, "_pyroValidateHandshake")
        profile.annotations = self._pyro_hook("_pyroAnnotations", "_pyroAnnotations")
        profile.on_response = self._pyro_hook("_pyroResponseAnnotations", "_pyro_responded")
        self._pyro_channel.refresh()

    def _pyro_hook(self, name: str, called: str) -> Callable[..., Any] | None:
        replaced = name in self.__dict__ or getattr(type(self), name) is not getattr(Hooks, name)
        return _weakly(self, called) if replaced else None

    def _pyro_adopt_from(self, other: "Calling") -> None:
        profile: Any = other._pyro_profile.copy()
        self._pyro_start(profile, URI(other._pyroUri))
        self._pyroMethods = set(other._pyroMethods)
        self._pyroAttrs = set(other._pyroAttrs)
        for name in ("_pyroRawWireResponse", "_pyro_asynchronous", "_pyro_hmac_key", "_pyro_timeout"):
            self.__dict__[name] = other.__dict__[name]
        profile.codecs = codecs_for(self._pyroHmacKey)

    def _pyro_learn(self) -> None:
        profile = self._pyro_profile
        if profile.wants_metadata:
            self._pyroMethods = set(profile.metadata.methods)
            self._pyroAttrs = set(profile.metadata.attrs)
        if profile.resolved_uri is not None and profile.resolved_uri != self._pyroUri:
            self.__dict__["_pyroUri"] = URI(profile.resolved_uri)

    def _pyro_responded(self, annotations: Mapping[str, bytes], kind: int) -> None:
        known = state()
        received = {name: value for name, value in annotations.items() if name != ANNOTATION_FEATURES}
        if known.correlation_id is not None:
            received[ANNOTATION_CORRELATION] = known.correlation_id.bytes
        self._pyroResponseAnnotations(received, kind)

    # ---- attributes that programs know

    @property
    def _pyroOneway(self) -> set[str]:
        return self._pyro_profile.oneway

    @_pyroOneway.setter
    def _pyroOneway(self, names: set[str]) -> None:
        self._pyro_profile.oneway = set(names)
        self._pyro_channel.refresh()

    @property
    def _pyroTimeout(self) -> float | None:
        seconds: float | None = self.__dict__["_pyro_timeout"]
        return seconds

    @_pyroTimeout.setter
    def _pyroTimeout(self, seconds: float | None) -> None:
        self.__dict__["_pyro_timeout"] = seconds
        self._pyro_profile.timeout_s = seconds or None
        self._pyro_channel.refresh()

    @property
    def _pyroMaxRetries(self) -> int:
        return self._pyro_profile.max_retries

    @_pyroMaxRetries.setter
    def _pyroMaxRetries(self, number: int) -> None:
        self._pyro_profile.max_retries = number
        self._pyro_channel.refresh()

    @property
    def _pyroSerializer(self) -> str | None:
        return self._pyro_profile.chosen_serializer

    @_pyroSerializer.setter
    def _pyroSerializer(self, name: str | None) -> None:
        self._pyro_profile.chosen_serializer = name
        self._pyro_profile.seen = OUT_OF_DATE

    @property
    def _pyroHandshake(self) -> Any:
        return self._pyro_profile.handshake

    @_pyroHandshake.setter
    def _pyroHandshake(self, value: Any) -> None:
        self._pyro_profile.handshake = value

    @property
    def _pyroHmacKey(self) -> bytes | None:
        key: bytes | None = self.__dict__["_pyro_hmac_key"]
        return key

    @_pyroHmacKey.setter
    def _pyroHmacKey(self, key: "bytes | str | None") -> None:
        known = self.__dict__["_pyro_hmac_key"] = as_key(key)
        self._pyro_profile.codecs = codecs_for(known)
        self._pyro_profile.use_references(reference_for(known))

    @property
    def _pyroSeq(self) -> int:
        connection = self._pyro_channel.connection
        return 0 if connection is None else connection.session.seq

    @_pyroSeq.setter
    def _pyroSeq(self, number: int) -> None:
        """Has no effect: the numbers belong to the connection."""

    @property
    def _pyroConnection(self) -> Any:
        connection = self._pyro_channel.connection or self._pyro_profile.making
        return None if connection is None else SocketConnection.view(connection, self._pyro_channel)

    @_pyroConnection.setter
    def _pyroConnection(self, value: None) -> None:
        if value is not None:
            raise TypeError(
                f"a proxy connects by itself; only None can be given, to drop it, got {value!r:.60}; "
                "Proxy(object_id, connected_socket=...) takes a socket"
            )
        self._pyro_channel.abandon()

    # ---- what programs call

    def _pyroBind(self) -> bool:
        """Look up the name and connect now; tells whether that was needed."""
        self._pyro_refresh()
        try:
            return self._pyro_channel.bind()
        except native.PyroError as error:
            raise self._pyro_classic(error) from error.__cause__

    def _pyroRelease(self) -> None:
        """Close the connection. The next call makes a new one."""
        self._pyro_channel.release()

    def _pyroGetMetadata(self, objectId: str | None = None, known_metadata: Any = None) -> None:
        """Take over metadata, or ask the server for it.

        Args:
            objectId: Of which object; None for the proxy's own.
            known_metadata: What is known already.
        """
        if known_metadata is None:
            if self._pyroBind() and objectId is None:
                return
            object_id = objectId or self._pyro_profile.object_id
            known_metadata = self._pyroInvoke("get_metadata", (object_id,), {}, objectId=DAEMON_ID)
        self._pyroMethods = set(known_metadata["methods"])
        self._pyroAttrs = set(known_metadata["attrs"])
        self._pyroOneway = set(known_metadata["oneway"])

    def _pyroInvoke(
        self,
        methodname: str,
        vargs: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        objectId: str | None = None,
    ) -> Any:
        """Call a method.

        Args:
            methodname: Its name.
            vargs: Positional arguments.
            kwargs: Keyword arguments.
            flags: Flags of the message.
            objectId: Of which object of the daemon; None for the proxy's own.
        """
        if self._pyro_profile.seen != config.changes:
            self._pyro_refresh()
        channel = self._pyro_channel
        known = state()
        block = known.outgoing()
        token = enter_outgoing(block)
        try:
            if self._pyroRawWireResponse:
                answer = channel.answer(methodname, _unpacked(vargs), kwargs, flags=flags, object_id=objectId)
                return received(answer)
            if flags or objectId is not None or (vargs and type(vargs[0]) is not str and _is_blob(vargs[0])):
                result = channel.invoke(methodname, _unpacked(vargs), kwargs, flags=flags, object_id=objectId)
            else:
                result = channel.call(methodname, vargs, kwargs)
        except native.PyroError as error:
            raise self._pyro_classic(error) from error.__cause__
        finally:
            leave_outgoing(token)
            known.came_back(block)
        return self._pyro_stream(result) if type(result) is RemoteIterator else result

    def _pyro_stream(self, items: RemoteIterator) -> _StreamResultIterator:
        """What programs see of an item stream."""
        return _StreamResultIterator(items, self)

    def _pyroInvokeBatch(self, calls: Sequence[Any], oneway: bool = False) -> Any:
        """Send several calls in one message; gives the list of their results."""
        self._pyro_refresh()
        flags = BATCH | ONEWAY if oneway else BATCH
        channel = self._pyro_channel
        try:
            with self._pyro_accompanied():
                if self._pyroRawWireResponse:
                    return received(
                        channel.answer(BATCH_METHOD, list(calls), None, flags=flags, max_retries=0)
                    )
                results = channel.invoke(BATCH_METHOD, list(calls), None, flags=flags, max_retries=0)
        except native.PyroError as error:
            raise self._pyro_classic(error) from error.__cause__
        if oneway:
            return None
        return [_ExceptionWrapper(item.error) if type(item) is BatchFailure else item for item in results]

    # ---- inside

    @contextmanager
    def _pyro_accompanied(self) -> Iterator[None]:
        """What is called inside takes along, and brings back, what ``current_context`` holds."""
        known = state()
        block = known.outgoing()
        token = enter_outgoing(block)
        try:
            yield
        finally:
            leave_outgoing(token)
            known.came_back(block)

    def _pyro_classic(self, error: native.PyroError) -> BaseException:
        """An error of the client as that of Pyro4."""
        reason = error.reason if isinstance(error, native.ConnectionRejected) else str(error)
        about_keys = isinstance(error, SealError) or "hmac" in reason
        if about_keys and not self._pyro_channel.connected:
            return CommunicationError(
                f"cannot connect to {self._pyroUri.location or self._pyroUri}: {reason}"
            )
        return classic(error)

    def _pyro_forget(self) -> None:
        """Drop the methods that were kept: something about them has changed."""
        for name in [name for name in self.__dict__ if not name.startswith("_pyro")]:
            if isinstance(self.__dict__[name], _KnownRemoteMethod):
                del self.__dict__[name]

    def _pyro_refresh(self) -> None:
        if self._pyro_profile.refresh():
            self._pyro_profile.codecs = codecs_for(self._pyroHmacKey)
            self._pyro_forget()
            self._pyro_channel.refresh()
            try:
                self._pyro_use_serializer()
            except SerializeError:
                self._pyro_profile.seen = OUT_OF_DATE
                raise

    def _pyro_use_serializer(self) -> None:
        """Let a connection that exists use the serializer that is configured by now."""
        connection = self._pyro_channel.connection
        if connection is not None:
            profile = self._pyro_profile
            connection.use(profile.serializer_for(connection.version, connection.features))
            connection.session.limit(profile.settings.limits.max_message_bytes)
            self._pyro_channel.refresh()


def _weakly(proxy: Calling, method: str) -> Callable[..., Any]:
    """Calls a method of a proxy that is not kept alive by it."""
    ref = weakref.ref(proxy)

    def call(*args: Any) -> Any:
        alive = ref()
        return None if alive is None else getattr(alive, method)(*args)

    return call


def proxy_for(reference: ObjectRef) -> Any:
    """A proxy for a reference that was received."""
    proxy = _base().__new__(_base())
    proxy._pyro_assemble(URI(reference.uri), None)
    known = reference.metadata
    proxy._pyroMethods = set(known.methods)
    proxy._pyroAttrs = set(known.attrs)
    proxy._pyroOneway = set(known.oneway)
    proxy._pyroHandshake = reference.handshake
    proxy._pyroSerializer = reference.serializer
    return proxy


def _base() -> Any:
    from Pyro4.facade.proxy import Proxy

    return Proxy


def _is_blob(value: Any) -> bool:
    return hasattr(value, "_pyro_blob")


def _unpacked(vargs: Sequence[Any]) -> Sequence[Any]:
    """The arguments, with the native kind of blob in place of Pyro4's."""
    return [value._pyro_blob() if _is_blob(value) else value for value in vargs] if vargs else vargs


__all__ = ["Calling", "proxy_for"]
