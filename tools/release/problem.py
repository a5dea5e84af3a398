"""What ends a command with an explanation."""


class ReleaseError(Exception):
    """A release cannot go on; the text says what is wrong and what to do."""
