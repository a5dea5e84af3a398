"""Shows the board and lets players take part.

Usage: python gameserver.py [--players COUNT] [--local KIND]... [--headless] [--pause SECONDS] [--close]
"""

import argparse

from arena import Arena
from brains import KINDS
from game import Game

from pyro_server import Daemon

NAME = "example.robots"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A derby of robots.")
    parser.add_argument("--players", type=int, default=1, help="how many to wait for")
    parser.add_argument("--local", action="append", default=[], choices=KINDS, help="a robot of the server")
    parser.add_argument("--headless", action="store_true", help="print the board, show no window")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between rounds")
    parser.add_argument("--close", action="store_true", help="close the window when the game is over")
    return parser.parse_args()


def print_board(arena: Arena) -> None:
    """Show the board without a window."""
    print(arena.letters(), flush=True)


def main() -> None:
    """Run one game."""
    options = arguments()
    watch = print_board if options.headless else lambda arena: None
    game = Game(options.players, options.pause, watch)
    for number, kind in enumerate(options.local, 1):
        game.add(f"{kind}{number}", KINDS[kind]())
    with Daemon() as daemon:
        daemon.publish(NAME, game)
        print(f"waiting for {options.players} players", flush=True)
        if options.headless:
            daemon.request_loop(lambda: not game.result)
        else:
            from board import Board

            daemon.start()
            Board(game, close=options.close).run()


if __name__ == "__main__":
    main()
