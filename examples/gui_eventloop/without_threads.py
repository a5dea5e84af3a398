"""The window's own loop drives the daemon: one thread for everything, and no call needs to be handed over.

Usage: python without_threads.py
"""

import tkinter

from window import Window

from pyro_server import Daemon

LOOKING_S = 0.02
"""How often to look where Tk cannot watch sockets, which is on Windows."""


def drive(window: Window, daemon: Daemon) -> None:
    """Let a window's loop serve the calls of a daemon."""
    watched = hasattr(window.root, "createfilehandler")
    if watched:
        # One object that stays the same while clients come and go.
        for source in daemon.sockets:
            window.root.createfilehandler(source, tkinter.READABLE, lambda *_: daemon.events([]))

    def look() -> None:
        daemon.events([])
        wait_s = daemon.patience_s if watched else min(daemon.patience_s, LOOKING_S)
        window.root.after(int(wait_s * 1000), look)

    look()
    print(f"Tk {'watches the sockets' if watched else 'looks now and then'}", flush=True)


def main() -> None:
    """Show the window and serve."""
    window = Window("calls come in the window's thread")
    with Daemon(servertype="multiplex") as daemon:
        # The window itself, as its methods are called in its own thread anyway.
        print(daemon.register(window, expose=["show", "shown", "press", "resize", "close"]), flush=True)
        drive(window, daemon)
        window.run()


if __name__ == "__main__":
    main()
