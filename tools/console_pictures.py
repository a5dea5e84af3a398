"""Take the pictures of the web console that are in docs/pictures, with Debian's Chromium.

Usage: hatch run python tools/console_pictures.py [FOLDER]
"""

import linecache
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

from pyro_core.settings import ClientSettings
from pyro_http.server import GatewayServer
from pyro_http.settings import GatewaySettings
from pyro_nameserver import start_ns
from pyro_server import Daemon, expose

FOLDER = Path(__file__).resolve().parent.parent / "docs/pictures"
MEASURED_S = 26.0
"""How long the console watches before the first picture, so that there is something to see."""


class SampleTooHot(Exception):
    """The remote exception in the pictures."""


@expose
class Thermometer:
    """The thermometer in the climate chamber.

    It measures twice a second, whether somebody looks or not.
    """

    def read(self, probe: int = 1, unit: Literal["C", "F", "K"] = "C") -> dict[str, Any]:
        """The temperature now, and how it was measured."""
        return {
            "probe": probe,
            "temperature": Decimal("21.37"),
            "unit": unit,
            "measured_at": datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC),
            "raw": b"\x15\x5f\x02\x00",
            "range": (-40, 125),
            "flags": {"calibrated", "stable"},
        }

    def heat(self, target: float, *, hold_s: float = 60.0) -> None:
        """Bring the chamber to a temperature, and keep it there."""
        limit = 80.0
        if target > limit:
            raise SampleTooHot(f"{target:g} C would melt the sample; the limit is {limit:g} C")

    def follow(self, every_s: float = 0.5) -> Iterator[float]:
        """Temperatures as they are measured."""
        number = 0
        while True:
            yield round(21.0 + (number * 7 % 13) / 10, 1)
            number += 1
            time.sleep(every_s)

    @property
    def location(self) -> str:
        """Where it hangs."""
        return "chamber 2"


@expose
class Other:
    """Something else."""

    def ping(self) -> None:
        """Nothing."""


NAMES = {
    "lab.camera": ("lab", "video"),
    "lab.robot-arm": ("lab", "actuator"),
    "printers.second-floor": ("office",),
    "shop.orders": ("shop", "production"),
    "shop.warehouse": ("shop", "production"),
}


def pretend_place(path: str) -> None:
    """Let tracebacks say that the thermometer is elsewhere: pictures are to be the same on every machine."""
    code = Thermometer.heat.__code__.replace(co_filename=path)
    Thermometer.heat.__code__ = code
    lines = Path(__file__).read_text(encoding="utf-8").splitlines(keepends=True)
    linecache.cache[path] = (0, None, lines, path)


def take(page: Page, home: str, folder: Path) -> None:
    """All pictures."""
    page.goto(home)
    page.wait_for_selector("#status.good")
    page.wait_for_timeout(MEASURED_S * 1000)
    page.screenshot(path=folder / "console-objects.png")
    page.locator("#list").get_by_text("lab.thermometer").click()
    read = page.locator("[data-method=read]")
    read.locator("summary").click()
    read.get_by_role("button", name="Call").click()
    read.locator(".value").wait_for()
    page.mouse.move(0, 0)
    page.locator("main").evaluate("one => { one.scrollTop = 150; }")
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "console-call.png")
    read.locator("> summary").click()
    heat = page.locator("[data-method=heat]")
    heat.locator("summary").click()
    heat.get_by_label("target").fill("95")
    heat.get_by_role("button", name="Call").click()
    heat.locator(".trace").wait_for()
    page.emulate_media(color_scheme="dark")
    page.mouse.move(0, 0)
    page.locator("main").evaluate("one => { one.scrollTop = 100; }")
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "console-exception.png")
    heat.locator("> summary").click()
    follow = page.locator("[data-method=follow]")
    follow.locator("summary").click()
    follow.get_by_label("every_s").fill("0.2")
    follow.get_by_role("button", name="Start").click()
    follow.locator(".items li").nth(8).wait_for()
    page.mouse.move(0, 0)
    page.locator("main").evaluate("one => { one.scrollTop = 0; }")
    page.wait_for_timeout(200)
    page.screenshot(path=folder / "console-stream.png")


def main(arguments: list[str]) -> int:
    """Take the pictures; return the exit status."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not installed (Debian's package chromium)", file=sys.stderr)
        return 1
    pretend_place("/srv/lab/thermometer.py")
    with start_ns(port=0, broadcast=False) as names, Daemon(port=0) as daemon:
        other = str(daemon.register(Other(), "other"))
        for name, tags in NAMES.items():
            names.registry.register(name, other, metadata=tags)
        thermometer = str(daemon.register(Thermometer(), "thermometer"))
        names.registry.register(
            "lab.thermometer", thermometer, metadata=["lab", "sensor"], ttl=60.0, owner="it"
        )
        names.registry.register("lab.old-scale", "PYRO:scale@localhost:1", metadata=["lab"])
        threading.Thread(target=daemon.request_loop, daemon=True).start()
        client = ClientSettings(ns_host=str(names.uri.location), broadcast_addresses=())
        settings = GatewaySettings(port=0, console=True, tracebacks=True, expose=(".*",))
        with GatewayServer(settings, client_settings=client) as server, sync_playwright() as playwright:
            told: SimpleQueue[str] = SimpleQueue()
            thread = threading.Thread(target=server.serve, args=(told.put,))
            thread.start()
            told.get()
            options = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=program, args=options)
            page = browser.new_page(viewport={"width": 1120, "height": 860}, color_scheme="light")
            take(page, server.url, folder)
            browser.close()
            server.stop()
            thread.join()
        daemon.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
