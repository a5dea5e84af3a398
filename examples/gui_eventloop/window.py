"""The window: a line of text and a button. It knows nothing of remote calls."""

import signal
import threading
import tkinter

HEARTBEAT_MS = 100
"""Python sees Ctrl-C only when it runs, so it has to run now and then."""


class Window:
    """A window with a text and a counter of clicks."""

    def __init__(self, title: str) -> None:
        self.root = tkinter.Tk()
        self.root.title(title)
        self._thread = threading.get_ident()
        self._clicks = 0
        self._label = tkinter.Label(self.root, text="nothing yet", width=40)
        self._button = tkinter.Button(self.root, text="clicked 0 times", command=self._clicked)
        self._label.pack(padx=20, pady=10)
        self._button.pack(pady=10)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.close())

    def show(self, text: str) -> str:
        """Show a text; gives the one that was there before."""
        before = str(self._label["text"])
        self._label["text"] = text
        self._tell_thread(f"shows {text!r}")
        return before

    def shown(self) -> str:
        """What the window shows now."""
        return str(self._label["text"])

    def press(self) -> str:
        """Press the button, as a mouse would; gives what is written on it then."""
        self._button.invoke()
        return str(self._button["text"])

    def resize(self, width: int) -> int:
        """Make the text wider, in characters; gives the width of the window in pixels."""
        if not 10 <= width <= 100:
            raise ValueError(f"the window can be 10 to 100 characters wide, not {width}")
        self._label["width"] = width
        self.root.update_idletasks()
        return self.root.winfo_reqwidth()

    def close(self) -> None:
        """End the window's loop, when what runs now is done."""
        self.root.after_idle(self.root.quit)

    def run(self) -> None:
        """The window's loop, until it is closed, also by Ctrl-C."""
        self._beat()
        self.root.mainloop()
        print("the window is closed", flush=True)

    def _beat(self) -> None:
        self.root.after(HEARTBEAT_MS, self._beat)

    def _clicked(self) -> None:
        self._clicks += 1
        self._button["text"] = f"clicked {self._clicks} times"
        self._tell_thread("was clicked")

    def _tell_thread(self, what: str) -> None:
        own = "its own thread" if threading.get_ident() == self._thread else "ANOTHER THREAD"
        print(f"the window {what}, in {own}", flush=True)
