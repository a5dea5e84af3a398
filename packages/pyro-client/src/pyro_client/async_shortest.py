"""The shortest way of a call on an event loop; like ``pyro_client.shortest``, which is for threads."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyro_client.answer import Answer
from pyro_client.async_dialogue import AsyncDialogue
from pyro_client.direct import is_usual
from pyro_client.profile import Profile
from pyro_client.shortest import USUAL
from pyro_core.context import sending, serving
from pyro_core.errors import SerializeError

Begin = Callable[[str, Sequence[Any], Mapping[str, Any]], "tuple[int, Answer] | None"]


def beginner(dialogue: AsyncDialogue, profile: Profile) -> Begin | None:
    """Begins plain calls on one connection; None if there are no plain calls.

    It takes method, arguments and keyword arguments, and gives the call's number and what to await: a plain
    answer's payload, or the message of another one. It gives None, and has not sent anything, if something is
    unusual.

    Args:
        dialogue: The connection.
        profile: How to talk. When it changes, make a new one of these.
    """
    if not dialogue.shared or profile.timeout_s is not None or not is_usual(profile):
        return None
    plain_call = dialogue.expect_plain()
    if plain_call is None:
        return None
    loop, link, waiting = dialogue.loop, dialogue.connection.link, dialogue.waiting
    encode_call, post = dialogue.connection.serializer.encode_call, link.post
    methods, oneway, object_id = profile.metadata.methods, profile.oneway, profile.object_id
    most_bytes = profile.settings.limits.max_message_bytes

    def begin(method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[int, Answer] | None:
        if method not in methods or method in oneway or serving() is not None:
            return None
        block = sending()
        if block is not None and not block.is_empty:
            return None
        for arg in args:
            if type(arg) not in USUAL:
                return None
        if dialogue.over or not link.has_room or get_running_loop() is not loop:
            return None
        try:
            payload = encode_call(object_id, method, args, kwargs)
        except SerializeError:
            return None
        if len(payload) > most_bytes:
            return None
        seq, request = plain_call(payload)
        post(request, alone=not waiting)
        answer = waiting[seq] = Answer(loop)
        return seq, answer

    return begin
