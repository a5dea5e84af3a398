"""The commands that come with ``pyro-cli`` itself; each is loaded when it is used."""
