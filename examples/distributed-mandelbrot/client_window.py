"""Draws the picture in a window, each row when it comes.

Usage: python client_window.py [--columns COUNT] [--close]
"""

import argparse
import queue
import threading
import tkinter
from collections import Counter

from fractal import MOST_STEPS, View
from sharing import find_servers, rows_as_they_come

LOOKING_MS = 10
END = None


def colour(steps: int) -> str:
    """The colour of a point: black for the set, else the bluer the sooner it runs away."""
    if steps == MOST_STEPS:
        return "#000000"
    share = min(steps / 30, 1.0)
    return f"#{int(255 * share):02x}{int(200 * share**2):02x}{int(255 - 155 * share):02x}"


class Picture:
    """A window with the picture, which fills as rows come."""

    def __init__(self, view: View, *, close: bool) -> None:
        self.root = tkinter.Tk()
        self.root.title("Mandelbrot set")
        self._image = tkinter.PhotoImage(width=view.columns, height=view.rows)
        tkinter.Label(self.root, image=self._image).pack()
        self._view = view
        self._close = close
        self._shares: Counter[str] = Counter()
        self._rows: queue.SimpleQueue[tuple[int, list[int], str] | None] = queue.SimpleQueue()
        # Rows are waited for in another thread; only this one touches the window.
        threading.Thread(target=self._fetch, daemon=True).start()
        self._draw()

    def _fetch(self) -> None:
        try:
            for row in rows_as_they_come(self._view, find_servers()):
                self._rows.put(row)
        finally:
            self._rows.put(END)

    def _draw(self) -> None:
        while not self._rows.empty():
            coming = self._rows.get()
            if coming is END:
                self._finished()
                return
            row, points, server = coming
            self._image.put("{" + " ".join(map(colour, points)) + "}", to=(0, row))
            self._shares[server] += 1
        self.root.after(LOOKING_MS, self._draw)

    def _finished(self) -> None:
        told = ", ".join(f"{rows} by {name}" for name, rows in sorted(self._shares.items()))
        print(f"{self._shares.total()} of {self._view.rows} rows are drawn: {told}")
        colours = [self._image.get(column, self._view.rows // 2) for column in range(self._view.columns)]
        print(f"the middle row has {len(set(colours))} colours, and {colours.count((0, 0, 0))} black points")
        if self._close:
            self.root.destroy()


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description="Draws the Mandelbrot set in a window.")
    parser.add_argument("--columns", type=int, default=480, help="width in points")
    parser.add_argument("--close", action="store_true", help="close the window when the picture is complete")
    options = parser.parse_args()
    view = View(columns=options.columns, rows=options.columns * 5 // 6, aspect=1.0)
    Picture(view, close=options.close).root.mainloop()


if __name__ == "__main__":
    main()
