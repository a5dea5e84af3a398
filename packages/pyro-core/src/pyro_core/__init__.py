"""The I/O-free core of Python Remote Objects: what every client and every server shares."""
