"""The programs of Pyro4's introduction and tutorial, typed in as they stand, do what the text says.

They are of a time when everything public was exposed, and of Python 2, whose print statements are rewritten.
"""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import processes
import pytest
from document_blocks import Block, as_python_3, blocks

INTRODUCTION = "pyro4-introduction.txt"
TUTORIAL = "pyro4-tutorial.txt"
TYPED = re.compile(r"\s*#\s*(?:<-+ )?(?:typed in|copied from .*)$")


def shown(document: str, heading: str) -> list[Block]:
    """What a section shows."""
    found = [block for block in blocks(document) if block.heading == heading]
    assert found, f"{document} has no section {heading!r}"
    return found


def session(document: str, heading: str, first_line: str) -> str:
    """The output that a section shows for a command."""
    (text,) = [
        block.text
        for block in shown(document, heading)
        if block.text.split("\n", 1)[0].startswith(first_line)
    ]
    return text.removeprefix(f"{first_line}\n") if first_line.startswith("$") else text


class Desk:
    """A folder with programs, and a name server of its own, as somebody has them who reads the text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as sock:
            sock.bind(("localhost", 0))
            self.port = sock.getsockname()[1]
        self.env = {"PYRO_NS_PORT": str(self.port), "PYRO_REQUIRE_EXPOSE": "false"}

    def save(self, files: list[Block]) -> None:
        """Type programs in; later ones replace those of the same name."""
        for block in files:
            if (block.file and "import" in block.text) or "class " in block.text:
                (self.folder / block.file).write_text(as_python_3(block.text), encoding="utf8")

    def python(self, *arguments: str) -> list[str]:
        """A command line."""
        return [
            sys.executable,
            *(str(self.folder / one) if one.endswith(".py") else one for one in arguments),
        ]

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Any]:
        """A program that runs meanwhile."""
        with processes.running(self.python(*arguments), env=self.env) as process:
            yield process

    @contextmanager
    def name_server(self) -> Iterator[str]:
        """The name server; gives the first line that it prints."""
        with self.running("-m", "Pyro4.naming", "--port", str(self.port)) as process:
            first = process.stdout.readline().strip()
            processes.wait_for(process, "URI = ")
            yield first

    def run(self, program: str, typed: list[str]) -> Any:
        """Run a program to its end, with what is typed into it."""
        return processes.run(
            self.python(program), env=self.env, check=False, typed="".join(f"{line}\n" for line in typed)
        )

    def names(self) -> str:
        """What ``nsc list`` prints, without the tags, which it shows since Pyro 4.30."""
        printed = processes.run(self.python("-m", "Pyro4.nsc", "list"), env=self.env).stdout
        return re.sub(r"^    metadata: .*\n", "", printed, flags=re.MULTILINE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def masked(text: str) -> list[str]:
    """The lines of an output, without what is different each time."""
    text = re.sub(r"PYRO:\S+@localhost:\d+", "PYRO:...", text)
    text = re.sub(r" object at 0x\w+>", " object at 0x...>", text)
    return [line.rstrip() for line in text.strip().split("\n")]


def conversation(text: str, programs: list[Block], answers: dict[str, str]) -> tuple[list[str], str]:
    """What is typed in a session, and what the program prints, which is nothing of the former.

    Args:
        text: The session.
        programs: Their prompts are what is answered.
        answers: Begin of what stands where something is to be typed -> what is typed.
    """
    prompts = [prompt for block in programs for prompt in re.findall(r"input\(\"([^\"]*)\"\)", block.text)]
    typed, printed = [], ""
    for line in text.rstrip("\n").split("\n"):
        prompt = next((prompt for prompt in prompts if line.startswith(prompt.rstrip())), None)
        if prompt is None:
            printed += f"{line}\n"
            continue
        answer = TYPED.sub("", line[len(prompt.rstrip()) :]).strip()
        typed.append(next((told for start, told in answers.items() if answer.startswith(start)), answer))
        printed += prompt
    return typed, printed


def check_session(
    desk: Desk, program: str, text: str, programs: list[Block], answers: dict[str, str] | None = None
) -> None:
    typed, printed = conversation(text, programs, answers or {})
    done = desk.run(program, typed)
    assert (done.stdout, done.stderr) == (printed, "")


def test_the_greeting_without_pyro(desk: Desk) -> None:
    programs = shown(INTRODUCTION, "Simple Example")[:2]
    desk.save(programs)
    text = shown(INTRODUCTION, "Simple Example")[2].text.removeprefix("$ python client.py\n")
    check_session(desk, "client.py", text, programs)


def test_the_greeting_with_a_daemon(desk: Desk) -> None:
    section = shown(INTRODUCTION, "Simple Example")[3:]
    desk.save(section[:2])
    with desk.running("greeting.py") as server:
        ready = processes.wait_for(server, "Ready.")
        assert masked(ready) == masked(section[2].text)[1:]
        uri = ready.rpartition("= ")[2]
        text = section[3].text.removeprefix("$ python client.py\n")
        check_session(desk, "client.py", text, section, {"<<paste": uri, "<<type": "Irmen"})


def test_the_greeting_with_a_name_server(desk: Desk) -> None:
    section = shown(INTRODUCTION, "With a name server")
    desk.save(section)
    with desk.name_server(), desk.running("greeting.py") as server:
        processes.wait_for(server, "Ready.")
        done = desk.run("client.py", ["Irmen"])
        assert "Hello, Irmen. Here is your fortune message:\nTomorrow's lucky number" in done.stdout
        assert masked(desk.names()) == masked(section[-1].text)[1:]


def test_the_name_server_of_the_tutorial(desk: Desk) -> None:
    with desk.name_server() as first:
        assert first == shown(TUTORIAL, "Starting a name server")[0].text.split("\n")[0]
        assert masked(desk.names()) == masked(shown(TUTORIAL, "Interacting with the name server")[0].text)


FIRST_WAREHOUSE = "phase 1: a simple prototype"
SECOND_WAREHOUSE = "phase 2: first Pyro version"
THIRD_WAREHOUSE = "phase 3: final Pyro version"


def test_the_warehouse_in_one_program(desk: Desk) -> None:
    section = shown(TUTORIAL, FIRST_WAREHOUSE)
    desk.save(section)
    text = session(TUTORIAL, FIRST_WAREHOUSE, "$ python visit.py")
    check_session(desk, "visit.py", text, section)


def test_the_warehouse_with_a_daemon(desk: Desk) -> None:
    section = [*shown(TUTORIAL, FIRST_WAREHOUSE), *shown(TUTORIAL, SECOND_WAREHOUSE)]
    desk.save(section)
    with desk.running("warehouse.py") as server:
        lines = [server.stdout.readline() for _ in range(3)]
        assert masked("".join(lines)) == masked(session(TUTORIAL, SECOND_WAREHOUSE, "$ python warehouse.py"))
        uri = lines[1].rpartition("= ")[2].strip()
        text = session(TUTORIAL, SECOND_WAREHOUSE, "$ python visit.py")
        check_session(desk, "visit.py", text, section, {"PYRO:": uri})
        expected = shown(TUTORIAL, SECOND_WAREHOUSE)[-1].text.strip().split("\n")
        assert [server.stdout.readline().strip() for _ in expected] == expected


def test_the_warehouse_with_a_name_server_and_a_remote_traceback(desk: Desk) -> None:
    earlier = [*shown(TUTORIAL, FIRST_WAREHOUSE), *shown(TUTORIAL, SECOND_WAREHOUSE)]
    section = shown(TUTORIAL, THIRD_WAREHOUSE)
    desk.save([*earlier, *(block for block in section if "import" in block.text)])
    warehouse = desk.folder / "warehouse.py"
    warehouse.write_text(warehouse.read_text().replace("ns = False", "ns = True"))  # as the text says
    with desk.name_server(), desk.running("warehouse.py") as server:
        lines = [server.stdout.readline() for _ in range(4)]
        assert masked("".join(lines)) == masked(session(TUTORIAL, THIRD_WAREHOUSE, "$ python warehouse.py"))
        names = session(TUTORIAL, THIRD_WAREHOUSE, "--------START LIST")
        assert masked(desk.names()) == masked(names)
        done = desk.run("visit.py", ["television", "couch", "bricks", "bike"])
        assert done.stdout.count("Thank you, come again!") == 2
        failed = desk.run("visit.py", ["", "batteries"])
    wanted = [
        line for line in section[-1].text.split("\n") if line.lstrip().startswith(("+---", "ValueError"))
    ]
    assert [line for line in failed.stderr.split("\n") if line in wanted] == wanted
    assert ' |   File "' in failed.stderr
    assert " |     self.contents.remove(item)" in failed.stderr
    assert " | ValueError: list.remove(x): x not in list" in failed.stderr


FIRST_MARKET = "phase 1: simple prototype"


def quotes(process: Any, number: int) -> list[str]:
    """So many of the lines that a viewer prints."""
    return [processes.wait_for(process, ": ") for _ in range(number)]


def test_the_stock_market_in_one_program(desk: Desk) -> None:
    desk.save(shown(TUTORIAL, FIRST_MARKET))
    with desk.running("main.py") as process:
        symbols = process.stdout.readline()
        assert symbols.startswith("aggregated symbols: [")
        told = session(TUTORIAL, FIRST_MARKET, "$ python main.py").split("\n")[0]
        assert sorted(re.findall(r"\w+", symbols)) == sorted(re.findall(r"\w+", told))
        assert all(
            re.match(r"(NYSE\.IBM|NASDAQ\.(AAPL|MSFT)): -?[\d.]+$", line) for line in quotes(process, 2)
        )


def test_the_stock_market_with_everything_in_programs_of_its_own(desk: Desk) -> None:
    for heading in ("stockmarket", "aggregator", "viewer"):
        desk.save(shown(TUTORIAL, heading))
    with ExitStack() as stack:
        stack.enter_context(desk.name_server())
        market = stack.enter_context(desk.running("stockmarket.py"))
        processes.wait_for(market, "Stockmarkets running.")
        aggregator = stack.enter_context(desk.running("aggregator.py"))
        assert {processes.wait_for(aggregator, "joining market ") for _ in range(2)} == {
            f"joining market example.stockmarket.{name}" for name in ("newyork", "nasdaq")
        }
        processes.wait_for(aggregator, "Aggregator running. Symbols:")
        viewer = stack.enter_context(desk.running("viewer.py"))
        viewer.stdin.write("GOOG,CSCO,BP\n")
        viewer.stdin.flush()
        processes.wait_for(viewer, "Viewer listening on symbols ['GOOG', 'CSCO', 'BP']")
        assert "aggregator gets a new viewer, for symbols: ['GOOG', 'CSCO', 'BP']" in processes.wait_for(
            aggregator, "new viewer"
        )
        wanted = re.compile(r"(NYSE\.BP|NASDAQ\.(GOOG|CSCO)): -?[\d.]+$")
        assert all(wanted.match(line) for line in quotes(viewer, 3))
        processes.wait_for(market, "new quotes generated for ")
        listed = shown(TUTORIAL, "running the final program")[-1].text
        assert masked(desk.names()) == masked(listed)[1:]
