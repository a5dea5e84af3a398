"""Calls that another thread than the one that waits for them may take back."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyro_client.dialogue import Dialogue


class Revocable:
    """A call that can be taken back while it is under way, if the server is one of ours."""

    __slots__ = ("_place",)

    def __init__(self) -> None:
        self._place: tuple[Dialogue, int] | None = None

    def begins(self, dialogue: Dialogue, seq: int) -> None:
        """The request is about to be sent, by who holds the connection's ``out``.

        Args:
            dialogue: On which connection.
            seq: Number of the call there.
        """
        self._place = (dialogue, seq)

    def revoke(self) -> bool:
        """Ask the server to end the call; False if it cannot be asked, or has answered already."""
        place = self._place
        return place is not None and place[0].ask_to_end(place[1])
