"""The I/O-free core of Python Remote Objects: wire protocols, sessions, calls, settings, errors, plugin registry."""
