"""A conversation over any two text streams, wherever they are."""

from typing import Any

FILE_METHODS = ("write", "flush", "readline")
"""What others may do with a stream; not, say, close it."""


def interview(answers: Any, questions: Any) -> dict[str, str]:
    """Ask somebody two questions.

    Args:
        answers: Stream to read from; a local one, or a proxy of one.
        questions: Stream to write to, the same.

    Returns:
        Question -> answer.
    """
    given = {}
    for question in ("name", "favourite colour"):
        # print() takes whatever has a method write.
        print(f"Your {question}, please:", file=questions, flush=True)
        given[question] = answers.readline().strip()
    print(f"Thank you, {given['name']}.", file=questions, flush=True)
    return given
