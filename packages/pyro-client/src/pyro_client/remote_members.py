"""Signatures and docs of a remote object: asked for when somebody wants to see them, and then kept."""

import ast
import builtins
import inspect
from typing import TYPE_CHECKING, Any, Final

from pyro_client.channel import Channel
from pyro_client.profile import Profile
from pyro_core.descriptions import PARAMETER_KINDS, ClassDescription, MethodDescription, ParameterDescription
from pyro_core.names import DAEMON_ID

if TYPE_CHECKING:
    from pyro_client.async_channel import AsyncChannel

DESCRIBE: Final = "describe_members"
"""The daemon's method that tells them; stock daemons have none."""

_KINDS: Final = dict(zip(PARAMETER_KINDS, inspect._ParameterKind, strict=True))
_ANYTHING: Final = inspect.Signature(
    [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
)


class SourceText(str):
    """An annotation or a default as the source has it, and printed like that: without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def describe(channel: Channel) -> ClassDescription:
    """What the object of a channel says about its members; empty if its server cannot tell.

    Raises:
        CommunicationError: If the server cannot be reached.
        DaemonError: If it does not have the object.
    """
    profile = channel.profile
    if profile.description is None:
        channel.bind()  # a name has to be looked up before the object's id is known
        try:
            wire = channel.invoke(DESCRIBE, (profile.object_id,), {}, object_id=DAEMON_ID)
        except AttributeError:
            wire = None
        _keep(profile, wire)
    return profile.description or ClassDescription()


async def describe_async(channel: "AsyncChannel") -> ClassDescription:
    """As ``describe``, for asyncio."""
    profile = channel.profile
    if profile.description is None:
        await channel.bind()
        try:
            wire = await channel.invoke(DESCRIBE, (profile.object_id,), {}, object_id=DAEMON_ID)
        except AttributeError:
            wire = None
        _keep(profile, wire)
    return profile.description or ClassDescription()


def signature_of(method: MethodDescription | None) -> inspect.Signature:
    """The signature that is described; ``(*args, **kwargs)`` if there is none.

    Args:
        method: The description; None if there is none.
    """
    if method is None or method.parameters is None:
        return _ANYTHING
    returns = _annotation(method.returns, inspect.Signature.empty)
    try:
        return inspect.Signature(list(map(_parameter, method.parameters)), return_annotation=returns)
    except ValueError:  # such as two parameters of one name: the server talks nonsense
        return _ANYTHING


def _keep(profile: Profile, wire: object) -> None:
    # A server that cannot tell is not asked again.
    profile.description = ClassDescription.from_wire(wire)


def _parameter(described: ParameterDescription) -> inspect.Parameter:
    return inspect.Parameter(
        described.name,
        _KINDS[described.kind],
        default=_default(described.default),
        annotation=_annotation(described.annotation, inspect.Parameter.empty),
    )


def _annotation(text: str, empty: Any) -> Any:
    """A builtin class if it is one, else its text: what a name means there is not known here."""
    if not text:
        return empty
    found = None if text == "None" else getattr(builtins, text, SourceText(text))
    return found if found is None or isinstance(found, type) else SourceText(text)


def _default(text: str) -> Any:
    if not text:
        return inspect.Parameter.empty
    try:
        return SourceText(text) if text == "..." else ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return SourceText(text)
