"""A session for each connection, which belongs to the user whose token was shown for it."""

import database

from pyro_server import Daemon, Tokens, behavior, current_call, expose, serve

TOKENS = {"alice": "token-of-alice", "bob": "token-of-bob"}  # for the example; see tokens-and-permissions


@expose
@behavior(instance_mode="session")
class Session:
    """Made with the first call of a connection, gone with the connection."""

    def __init__(self) -> None:
        self._user = current_call().principal.name
        self._calls = 0
        print(f"a session for {self._user}", flush=True)

    def store(self, key: str, text: str) -> None:
        """Keep a text for this user."""
        self._calls += 1
        database.write(key, text)

    def fetch(self, key: str) -> str:
        """Get a text of this user."""
        self._calls += 1
        return database.read(key)

    def about(self) -> str:
        """Whose session this is."""
        return f"session of {self._user}, {self._calls} calls"


if __name__ == "__main__":
    with Daemon(authenticate=[Tokens(TOKENS)]) as daemon:
        serve({Session: "session"}, daemon=daemon, use_ns=False)
