"""The client of Python Remote Objects: call methods on objects in another process or machine."""
