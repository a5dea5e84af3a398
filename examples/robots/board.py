"""The window with the board. Looks at the game now and then, and is never touched by another thread."""

import signal
import tkinter

from arena import HEIGHT, WALLS, WIDTH
from game import Game

SIDE = 32
LOOKING_MS = 20
COLOURS = ("red", "blue", "darkgreen", "purple")


class Board:
    """Shows a game.

    Args:
        game: Which.
        close: Whether to close the window when it is over.
    """

    def __init__(self, game: Game, *, close: bool) -> None:
        self._game = game
        self._close = close
        self._root = tkinter.Tk()
        self._root.title("robots")
        self._canvas = tkinter.Canvas(self._root, width=WIDTH * SIDE, height=HEIGHT * SIDE, bg="white")
        self._label = tkinter.Label(self._root, text="waiting for players")
        self._canvas.pack()
        self._label.pack()
        for x, y in WALLS:
            self._canvas.create_rectangle(*self._square(x, y), fill="grey", tags="wall")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._root.after_idle(self._root.quit))

    def run(self) -> None:
        """Show the window until it is closed."""
        self._draw()
        self._root.mainloop()

    def _square(self, x: int, y: int) -> tuple[int, int, int, int]:
        return x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE

    def _draw(self) -> None:
        over = self._game.result  # looked at first: what is drawn then is the end
        self._canvas.delete("robot")
        for robot, colour in zip(list(self._game.arena.robots.values()), COLOURS, strict=False):
            if robot.health:
                square = self._square(robot.x, robot.y)
                self._canvas.create_oval(*square, fill=colour, tags=("robot", robot.name))
        self._label["text"] = self._game.arena.standing()
        if over:
            self._tell()
            if self._close:
                self._root.quit()
        else:
            self._root.after(LOOKING_MS, self._draw)

    def _tell(self) -> None:
        robots = [self._canvas.gettags(item)[1] for item in self._canvas.find_withtag("robot")]
        walls = len(self._canvas.find_withtag("wall"))
        print(f"the window shows {walls} walls and {', '.join(robots)}: {self._label['text']}", flush=True)
