"""The commands that this package brings to ``pyro-cli``; each module is loaded when its command is used."""
