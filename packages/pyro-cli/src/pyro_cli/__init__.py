"""The command line of Python Remote Objects; installed packages contribute their own commands."""
