"""Draws the picture with letters; more than one frame zooms in.

Usage: python client_ascii.py [--frames COUNT] [--rows COUNT]
"""

import argparse
from collections import Counter
from time import monotonic

from fractal import View, as_letters
from sharing import find_servers, rows_as_they_come

ZOOM = 2.5
SPIRAL = -0.743643 + 0.131825j


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description="Draws the Mandelbrot set with letters.")
    parser.add_argument("--frames", type=int, default=1, help="how many pictures, each nearer")
    parser.add_argument("--rows", type=int, default=36, help="lines of a picture")
    options = parser.parse_args()
    servers = find_servers()
    view = View(rows=options.rows) if options.frames == 1 else View(centre=SPIRAL, rows=options.rows)
    for number in range(options.frames):
        began = monotonic()
        lines = [""] * view.rows
        shares: Counter[str] = Counter()
        for row, points, server in rows_as_they_come(view, servers):
            lines[row] = as_letters(points)
            shares[server] += 1
        print("\n".join(lines))
        told = ", ".join(f"{shares[name]} by {name}" for name in servers)
        print(f"frame {number + 1}: {view.rows} rows in {monotonic() - began:.2f} s: {told}", flush=True)
        view = view.zoomed(ZOOM)
    for proxy in servers.values():
        proxy._pyro.release()


if __name__ == "__main__":
    main()
