"""The name server of Python Remote Objects: the phone book that turns names into addresses."""
