"""What can stop the tool."""


class SuiteError(Exception):
    """Something is not as it should be; the text says what."""


class UnavailableError(SuiteError):
    """This machine cannot offer what the suite needs (a private network, the package index)."""
