"""The server of Python Remote Objects: offer objects to other processes and machines."""
