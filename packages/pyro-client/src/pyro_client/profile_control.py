"""What a proxy says about itself, and how it is told to behave: the same for both kinds of proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyro_client.profile import Annotations, Profile
from pyro_core.metadata import Metadata
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from pyro_client.transfers import OnTransfer
    from pyro_core.convert import ClassRules
    from pyro_core.settings import ClientSettings

    T = TypeVar("T")


class ProfileControl:
    """What blocking and asyncio proxies have in common: how to talk, and nothing about connections.

    Args:
        profile: How to talk.
        changed: Called after a change that the connection must notice.
    """

    __slots__ = ("_changed", "_profile")

    def __init__(self, profile: Profile, changed: Callable[[], object]) -> None:
        self._profile = profile
        self._changed = changed

    @property
    def uri(self) -> URI:
        """The URI that the proxy was made for."""
        return self._profile.uri

    @property
    def resolved_uri(self) -> URI | None:
        """The address that it stands for; None before a name was looked up."""
        return self._profile.resolved_uri

    @property
    def settings(self) -> ClientSettings:
        """The settings that the proxy was made with."""
        return self._profile.settings

    @property
    def rules(self) -> ClassRules:
        """Rules for sending and receiving classes; more may be registered any time."""
        return self._profile.rules

    @property
    def metadata(self) -> Metadata:
        """Members of the remote object; empty before the first connection."""
        return self._profile.metadata

    @property
    def oneway(self) -> set[str]:
        """Names of methods whose calls are not answered; names may be added and removed."""
        return self._profile.oneway

    @oneway.setter
    def oneway(self, names: Iterable[str]) -> None:
        wanted = set(names)
        self._profile.oneway.clear()
        self._profile.oneway.update(wanted)

    @property
    def timeout_s(self) -> float | None:
        """Deadline of a whole call in seconds, connecting included; None for none.

        A call that is repeated (``max_retries``) has that much time for each attempt.
        """
        return self._profile.timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float | None) -> None:
        if seconds is not None and seconds < 0:
            raise ValueError(f"a timeout is a number of seconds, 0 or more, or None; got {seconds!r}")
        self._profile.timeout_s = seconds or None
        self._changed()

    @property
    def max_retries(self) -> int:
        """How often to repeat a call whose connection failed, although it may have been executed."""
        return self._profile.max_retries

    @max_retries.setter
    def max_retries(self, count: int) -> None:
        self._profile.max_retries = count
        self._changed()

    @property
    def serializer(self) -> str:
        """Name of the serializer for requests; None, when set, means that of the settings.

        A change holds from the next connection on.
        """
        return self._profile.serializer

    @serializer.setter
    def serializer(self, name: str | None) -> None:
        self._profile.chosen_serializer = name

    @property
    def handshake(self) -> Any:
        """What is said in the handshake: any value that the serializer takes."""
        return self._profile.handshake

    @handshake.setter
    def handshake(self, value: Any) -> None:
        self._profile.handshake = value

    @property
    def token(self) -> str | None:
        """What is said in the handshake to be let in; None for nothing. Other processes never get it.

        A change holds from the next connection on. Over a connection without TLS, whoever can listen gets it.
        """
        return self._profile.token

    @token.setter
    def token(self, text: str | None) -> None:
        if text is not None and not isinstance(text, str):
            raise TypeError(f"a token is a text or None, got {type(text).__name__}")
        self._profile.token = text

    @property
    def validate_handshake(self) -> Callable[[Any], object] | None:
        """Gets the server's answer to the handshake, and raises to refuse that server."""
        return self._profile.validate_handshake

    @validate_handshake.setter
    def validate_handshake(self, hook: Callable[[Any], object] | None) -> None:
        self._profile.validate_handshake = hook

    @property
    def annotations(self) -> Callable[[], Annotations] | None:
        """Gives annotations to send with each request of this proxy: four ASCII letters -> bytes."""
        return self._profile.annotations

    @annotations.setter
    def annotations(self, hook: Callable[[], Annotations] | None) -> None:
        self._profile.annotations = hook
        self._changed()

    @property
    def on_response(self) -> Callable[[Annotations, int], object] | None:
        """Gets the annotations and the message kind of each answer, that of the handshake included."""
        return self._profile.on_response

    @on_response.setter
    def on_response(self, hook: Callable[[Annotations, int], object] | None) -> None:
        self._profile.on_response = hook
        self._changed()

    @property
    def on_transfer(self) -> OnTransfer | None:
        """Is told how far messages of 1 MiB and more are, while they are sent and received.

        It gets a ``Transfer`` for every piece of at most 256 KiB (on event loops, every 20 ms while sending),
        in the thread that moves it, the last one with ``done_bytes == total_bytes``. What it raises ends the
        call and its connection, so raising is a way to give up.
        """
        return self._profile.on_transfer

    @on_transfer.setter
    def on_transfer(self, hook: OnTransfer | None) -> None:
        self._profile.on_transfer = hook
        self._changed()

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking the server."""
        raise NotImplementedError

    def _state(self) -> str:
        """What a proxy's ``repr`` tells beside its address."""
        state = "connected" if self.connected else "not connected"
        known = self._profile.metadata
        if not known:
            return state
        number = len(known.methods)
        return f"{state}, {number} method{'' if number == 1 else 's'}"

    def _check_method(self, name: str) -> None:
        """Raise ``AttributeError`` if a name is known not to be a method of the object."""
        profile = self._profile
        if profile.metadata and not profile.offers(name):
            if name in profile.metadata.attrs:
                raise AttributeError(
                    f"{name!r} is an attribute of the remote object and no method", name=name
                )
            raise profile.missing(name)


def not_looked_up(name: str) -> AttributeError:
    """The error for names with a leading underscore, which tools try on everything: they never connect."""
    if name.startswith("__") and name.endswith("__"):
        why = f"no exposed method {name!r} is known; proxy._pyro.bind() asks the server which there are"
    else:
        why = f"{name!r} is private: only public names can be remote members"
    return AttributeError(why, name=name)
