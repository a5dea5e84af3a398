"""Dicts that only look as if they stood for an object."""

from collections.abc import Iterable
from typing import Any

from pyro_core.convert import CLASS_KEY, EXCEPTION_KEY
from pyro_core.errors import SerializeError


def refuse_class_keys(value: Any, serializer: str) -> None:
    """Refuse a dict that the other side would take for an object: stock peers cannot be told that it is none.

    Args:
        value: What is sent, before the serializer's own conversions. It does not contain itself.
        serializer: Name of the serializer, for the error.

    Raises:
        SerializeError: If there is such a dict in it.
    """
    waiting: list[Iterable[Any]] = [(value,)]
    while waiting:
        for item in waiting.pop():
            if isinstance(item, dict):
                if CLASS_KEY in item and EXCEPTION_KEY not in item:  # that one is described on purpose
                    raise SerializeError(
                        f"a dict with the key {CLASS_KEY!r} stands for an object: {serializer} cannot send "
                        f"it as data to a stock peer; rename the key (its value is {item[CLASS_KEY]!r:.80})",
                        serializer=serializer,
                    )
                waiting.append(item.values())
            elif isinstance(item, list | tuple | set | frozenset):
                waiting.append(item)
