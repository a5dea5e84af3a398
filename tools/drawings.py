"""Draw the pictures of the explanations in docs/pictures.

Usage: python tools/drawings.py [FOLDER]

Each picture has a light background of its own, so that it can be read on dark pages; its text is text.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

FOLDER = Path(__file__).resolve().parent.parent / "docs/pictures"
INK, SOFT, PAPER, BLUE, GREEN, SAND, ROSE = (
    "#1f2933",
    "#52606d",
    "#fbfbfa",
    "#dbe9f6",
    "#dcefe0",
    "#f6ecd2",
    "#f7dedb",
)
LINE: Final = 19
"""Pixels from one line of text to the next."""

Point = tuple[float, float]


class Sheet:
    """A picture under construction; units are pixels, y grows downwards.

    Args:
        width: Of the picture.
        height: Of the picture.
        title: What it shows, for those who cannot see it.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="14">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            f'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{INK}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>',
        ]

    def text(
        self,
        at: Point,
        words: str,
        *,
        bold: bool = False,
        soft: bool = False,
        anchor: str = "middle",
        size: int = 14,
    ) -> None:
        """One line of text; ``at`` is on its base line."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{at[0]:g}" y="{at[1]:g}" text-anchor="{anchor}" font-size="{size}"{weight} '
            f'fill="{SOFT if soft else INK}">{escape(words)}</text>'
        )

    def box(self, x: float, y: float, w: float, h: float, *lines: str, fill: str = BLUE) -> None:
        """A box with lines of text in its middle, the first one bold."""
        self._rect(x, y, w, h, f'rx="8" fill="{fill}" stroke="{INK}" stroke-width="1.2"')
        first = y + h / 2 - (len(lines) - 1) * LINE / 2 + 5
        for number, words in enumerate(lines):
            self.text((x + w / 2, first + number * LINE), words, bold=number == 0, soft=number > 0)

    def group(self, x: float, y: float, w: float, h: float, words: str) -> None:
        """A dashed frame with a heading inside its upper left corner."""
        self._rect(x, y, w, h, f'rx="10" fill="none" stroke="{SOFT}" stroke-dasharray="5 4"')
        self.text((x + 12, y + 20), words, soft=True, anchor="start")

    def arrow(
        self, *points: Point, words: Sequence[str] = (), at: Point | None = None, dashed: bool = False
    ) -> None:
        """An arrow along points, with lines of text centred above ``at``, or above its middle."""
        way = " ".join(f"{x:g},{y:g}" for x, y in points)
        dashes = ' stroke-dasharray="6 4"' if dashed else ""
        self._parts.append(
            f'<polyline points="{way}" fill="none" stroke="{INK}" stroke-width="1.5"{dashes} '
            'marker-end="url(#head)"/>'
        )
        (x1, y1), (x2, y2) = points[0], points[-1]
        x, y = at or ((x1 + x2) / 2, (y1 + y2) / 2 - 7)
        for number, line in enumerate(words):
            self.text((x, y - (len(words) - 1 - number) * LINE), line, size=13)

    def line(self, start: Point, end: Point) -> None:
        """A thin dashed line, as of somebody's life in a sequence."""
        self._parts.append(
            f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}" '
            f'stroke="{SOFT}" stroke-dasharray="3 4"/>'
        )

    def dots(self, points: Sequence[Point], fill: str) -> None:
        """Small circles."""
        for x, y in points:
            self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="7" fill="{fill}" stroke="{INK}"/>')

    def svg(self) -> str:
        """The picture as SVG."""
        return "\n".join([*self._parts, "</svg>\n"])

    def _rect(self, x: float, y: float, w: float, h: float, style: str) -> None:
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" {style}/>')


def architecture() -> Sheet:
    """The distributions, and which of them imports which."""
    sheet = Sheet(920, 600, "The distributions; arrows go from who imports to who is imported")
    sheet.box(330, 20, 260, 58, "pyro4-compat", "the module Pyro4", fill=SAND)
    sheet.group(190, 118, 540, 108, "use both ends")
    for x, name, what in (
        (205, "pyro-nameserver", "the phone book"),
        (380, "pyro-flame", "remote execution"),
        (555, "pyro-http", "gateway, console"),
    ):
        sheet.box(x, 148, 160, 62, name, what, fill=GREEN)
    sheet.group(190, 274, 540, 118, "neither imports the other")
    sheet.box(205, 306, 240, 70, "pyro-client", "Proxy, AsyncProxy")
    sheet.box(475, 306, 240, 70, "pyro-server", "Daemon, expose, serve")
    core = (
        "addresses, messages, sessions, settings, errors",
        "no I/O outside pyro_core.net; standard library only",
    )
    sheet.box(190, 462, 540, 106, "pyro-core", *core, "the registry that loads plugins by name", fill=ROSE)
    sheet.box(754, 139, 146, 80, "pyro-cli", "finds commands", "by name", fill=SAND)
    sheet.box(20, 475, 146, 80, "pyro-serializers", "serpent, json, ...", "plugins", fill=SAND)
    sheet.box(754, 475, 146, 80, "pyro-observe", "traces, metrics", "plugins", fill=SAND)
    sheet.arrow((460, 78), (460, 118))
    sheet.arrow((460, 226), (460, 274))
    sheet.arrow((325, 376), (325, 462))
    sheet.arrow((595, 376), (595, 462))
    sheet.arrow((166, 515), (190, 515))
    sheet.arrow((754, 515), (730, 515))
    sheet.arrow((330, 49), (93, 49), (93, 475))
    sheet.arrow((754, 179), (730, 179), dashed=True)
    sheet.arrow((827, 219), (827, 428), (690, 428), (690, 462))
    return sheet


def call() -> Sheet:
    """One call's way, as a sequence."""
    sheet = Sheet(960, 640, "One call's way from the program through client, wire and server, and back")
    lanes = {"program": 80, "client": 270, "transport": 530, "engine": 710, "object": 880}
    for start, end, words in ((20, 345, "client process"), (455, 935, "server process")):
        sheet.text(((start + end) / 2, 26), words, soft=True)
        sheet.line((start, 34), (end, 34))
    for name, lines, fill in (
        ("program", ("your program",), GREEN),
        ("client", ("Proxy", "session, serializer"), BLUE),
        ("transport", ("transport", "sockets, threads"), BLUE),
        ("engine", ("engine", "session, dispatcher"), BLUE),
        ("object", ("your object",), GREEN),
    ):
        width = {"program": 120, "object": 110}.get(name, 150)
        sheet.line((lanes[name], 96), (lanes[name], 610))
        sheet.box(lanes[name] - width / 2, 44, width, 52, *lines, fill=fill)
    program, client, transport, engine, target = lanes.values()
    sheet.arrow((program, 130), (client, 130), words=["shop.price('tea')"])
    _notes(sheet, client, 156, "knows the members, encodes,", "gives the call a number")
    sheet.arrow((client, 230), (transport, 230), words=["INVOKE 7: shop, price, 'tea'"], at=(400, 223))
    sheet.text((400, 249), "lost here: not executed,", soft=True, size=13)
    sheet.text((400, 266), "but nobody can tell", soft=True, size=13)
    sheet.arrow((transport, 296), (engine, 296), words=["a whole request"])
    sheet.text((transport + 8, 318), "a worker takes the", anchor="start", soft=True, size=13)
    sheet.text((transport + 8, 335), "connection for this call", anchor="start", soft=True, size=13)
    _notes(sheet, engine, 362, "decodes, authorizes,", "finds the member")
    sheet.arrow((engine, 410), (target, 410), words=["price('tea')"])
    sheet.arrow((target, 450), (engine, 450), words=["3"], dashed=True)
    sheet.arrow((engine, 484), (transport, 484), words=["encoded"], dashed=True)
    sheet.arrow((transport, 524), (client, 524), words=["RESULT 7: 3"], at=(400, 517), dashed=True)
    sheet.text((400, 543), "lost here: executed,", soft=True, size=13)
    sheet.text((400, 560), "and nobody can tell", soft=True, size=13)
    sheet.arrow((client, 590), (program, 590), words=["3"], dashed=True)
    return sheet


def _notes(sheet: Sheet, x: float, y: float, *lines: str) -> None:
    """Lines in small letters beside somebody's life, on paper of their own."""
    for number, words in enumerate(lines):
        sheet.text((x + 8, y + number * 17), words, anchor="start", soft=True, size=13)


def names() -> Sheet:
    """Name servers, storages, leases and watchers."""
    sheet = Sheet(940, 520, "Servers lease names, clients look them up and are told of changes")
    sheet.box(30, 60, 200, 96, "server", "holds its names", "under leases", fill=GREEN)
    sheet.box(710, 60, 200, 96, "client", "remembers names", "while it is told of changes", fill=GREEN)
    sheet.group(340, 170, 260, 168, "any of them answers alike")
    sheet.box(360, 202, 220, 54, "name server")
    sheet.box(360, 270, 220, 54, "name server")
    sheet.group(190, 396, 560, 104, "one storage")
    for number, (name, what) in enumerate(
        (("memory", "one process"), ("sqlite", "one machine"), ("etcd", "many"), ("PostgreSQL", "many"))
    ):
        sheet.box(205 + number * 134, 428, 126, 56, name, what, fill=SAND)
    sheet.arrow((710, 86), (230, 86), words=["calls go straight to the server"])
    sheet.arrow((100, 156), (100, 222), (360, 222), words=["register, with a lease of 20 s"], at=(222, 214))
    sheet.arrow((60, 156), (60, 300), (360, 300), words=["renew, three times in a lease"], at=(205, 292))
    sheet.arrow((840, 156), (840, 222), (580, 222), words=["look up a name, or tags"], at=(718, 214))
    sheet.arrow((580, 300), (880, 300), (880, 156), words=["tell every change"], at=(718, 292), dashed=True)
    sheet.arrow((430, 338), (430, 396), words=["names, leases"], at=(370, 372))
    sheet.arrow((510, 396), (510, 338), words=["changes, in order"], at=(580, 372), dashed=True)
    sheet.text(
        (470, 30), "A server that is killed renews nothing: its name is gone when the lease ends.", bold=True
    )
    return sheet


def threads() -> Sheet:
    """Threads belong to calls."""
    sheet = Sheet(940, 470, "Idle connections wait in a selector; workers run calls")
    sheet.text((470, 30), "Threads belong to calls, not to connections", bold=True, size=16)
    sheet.group(20, 60, 200, 384, "connections")
    sheet.dots([(50 + 28 * (n % 6), 104 + 28 * (n // 6)) for n in range(36)], PAPER)
    sheet.text((120, 290), "thousands, idle:", soft=True)
    sheet.text((120, 309), "no thread, 2.6 KB each", soft=True)
    sheet.dots([(120, 357), (120, 411)], GREEN)
    sheet.text((105, 362), "busy", anchor="end", soft=True)
    sheet.text((105, 416), "busy", anchor="end", soft=True)
    sheet.box(
        300, 120, 210, 110, "serving thread", "a selector: watches,", "reads what arrives,", "never waits"
    )
    sheet.group(590, 60, 170, 384, "workers, 128 at most")
    for y, what in (
        (92, "runs a call"),
        (158, "runs a call"),
        (224, "idle"),
        (334, "stays a moment"),
        (388, "stays a moment"),
    ):
        sheet.box(605, y, 140, 46, "worker", what, fill=SAND)
    sheet.box(820, 150, 100, 110, "objects", "yours", fill=GREEN)
    sheet.arrow((220, 175), (300, 175), words=["bytes"])
    sheet.arrow((510, 150), (605, 118), words=["a whole request"], at=(535, 100))
    sheet.arrow((510, 190), (605, 182))
    sheet.arrow((745, 116), (820, 180))
    sheet.arrow((745, 182), (820, 205))
    sheet.arrow(
        (128, 357), (605, 357), words=["the next call of a busy client needs no hand-over"], at=(405, 350)
    )
    sheet.arrow((128, 411), (605, 411))
    sheet.arrow((745, 357), (850, 357), (850, 260))
    sheet.arrow((745, 411), (890, 411), (890, 260))
    sheet.arrow(
        (605, 247),
        (430, 247),
        (430, 230),
        words=["parked again, after a few milliseconds"],
        at=(405, 268),
        dashed=True,
    )
    return sheet


PICTURES = (architecture, call, names, threads)


def main(folder: Path = FOLDER) -> None:
    """Draw all pictures into a folder."""
    for draw in PICTURES:
        (folder / f"{draw.__name__}.svg").write_text(draw().svg(), encoding="utf8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
