"""Answers as the messages that they came in, for programs that pass them on."""

from Pyro4.facade.context import wire_flags
from Pyro4.message import Message
from pyro_core.names import ANNOTATION_CORRELATION
from pyro_core.wire import message as native


def received(answer: native.Message | None) -> Message | None:
    """The message as Pyro4 shows it, its payload inflated but not decoded; None if there is none.

    Args:
        answer: As it was received.
    """
    if answer is None:
        return None
    annotations = dict(answer.annotations)
    if answer.correlation_id is not None:
        annotations[ANNOTATION_CORRELATION] = answer.correlation_id
    return Message(
        answer.kind,
        bytes(answer.payload),
        answer.serializer_id,
        wire_flags(answer.flags),
        answer.seq,
        annotations,
    )
