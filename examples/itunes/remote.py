"""A remote control.

Usage: python remote.py [play|pause|next|back|VOLUME]...
"""

import sys

from pyro_client import Proxy

PLAYER = "PYRONAME:example.mediaplayer"


def press(player: Proxy, button: str) -> None:
    """Press one button; a number is a volume."""
    if button in ("play", "pause"):
        getattr(player, button)()
    elif button in ("next", "back"):
        player.skip(1 if button == "next" else -1)
    elif button.lstrip("-").isdigit():
        player.volume = int(button)
    else:
        raise ValueError(f"there is no button {button!r}; there are play, pause, next, back, and volumes")


def main(buttons: list[str]) -> None:
    """Press buttons, and tell after each what the player does."""
    with Proxy(PLAYER) as player:
        print(f"controlling {player.name}")
        for button in buttons:
            try:
                press(player, button)
            except ValueError as problem:
                print(f"{button}: {problem}")
                continue
            state = player.state()
            what = f"plays {state['track']}" if state["playing"] else "is silent"
            print(f"{button}: {what}, volume {state['volume']}")


if __name__ == "__main__":
    main(sys.argv[1:])
