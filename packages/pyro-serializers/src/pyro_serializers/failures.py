"""The errors that leave a serializer, whatever went wrong inside it."""

from pyro_core.errors import SerializeError


def encoding_failed(serializer: str, problem: Exception) -> SerializeError:
    """The error to raise when a value cannot be encoded.

    Args:
        serializer: Name of the serializer.
        problem: What the format's library, or the value's own code, raised.
    """
    return SerializeError(
        f"{serializer} cannot serialize this value: {_text(problem)}", serializer=serializer
    )


def decoding_failed(serializer: str, problem: Exception) -> SerializeError:
    """The error to raise when bytes cannot be decoded.

    Args:
        serializer: Name of the serializer.
        problem: What the format's library, or a rule for a class, raised.
    """
    return SerializeError(
        f"{serializer} cannot read the received data: {_text(problem)}", serializer=serializer
    )


def _text(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deep, or contains itself"
    return f"{type(problem).__name__}: {problem!s:.500}"
