"""The command that asks a name server."""

from types import SimpleNamespace

import pytest

from Pyro4 import errors, naming, nsc

URI = "PYRO:object@localhost:4444"


@pytest.fixture
def ns() -> naming.NameServer:
    ns = naming.NameServer()
    ns.register("one", URI, metadata=["x"])
    ns.register("two", URI)
    return ns


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("ping", "Name server ping ok."),
        ("lookup one", f"{URI}\nmetadata: ['x']"),
        ("lookup two", URI),
        (f"register three {URI}", "Registered three"),
        ("remove one", "Removed one"),
        ("remove three", "Nothing removed"),
        ("setmeta one", "Metadata cleared"),
        ("setmeta one a b", "Metadata updated"),
        (
            "list",
            f"--------START LIST \none --> {URI}\n    metadata: ['x']\ntwo --> {URI}\n--------END LIST ",
        ),
        ("list t", f"--------START LIST - prefix 't'\ntwo --> {URI}\n--------END LIST - prefix 't'"),
        (
            "listmatching t.o",
            f"--------START LIST - regex 't.o'\ntwo --> {URI}\n--------END LIST - regex 't.o'",
        ),
        (
            "listmeta_all y",
            "--------START LIST  - searched by metadata\n--------END LIST  - searched by metadata",
        ),
        (
            "listmeta_any x y",
            f"--------START LIST  - searched by metadata\none --> {URI}\n    metadata: ['x']\n"
            "--------END LIST  - searched by metadata",
        ),
    ],
)
def test_what_is_printed(
    ns: naming.NameServer, capsys: pytest.CaptureFixture[str], command: str, output: str
) -> None:
    assert nsc.handleCommand(ns, None, command.split()) == 0
    assert capsys.readouterr().out == output + "\n"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("lookup three", "Error: NamingError - unknown name: three"),
        (f"register one {URI}", "Error: NamingError - name already registered: one"),
        ("setmeta three a", "Error: NamingError - unknown name: three"),
        ("bogus", "Error: KeyError - 'bogus'"),
    ],
)
def test_what_failed_is_told_and_counts(
    ns: naming.NameServer, capsys: pytest.CaptureFixture[str], command: str, output: str
) -> None:
    assert nsc.handleCommand(ns, SimpleNamespace(verbose=True), command.split()) == 1
    assert capsys.readouterr().out == f"{output}\nDone.\n"


@pytest.mark.parametrize(
    "command", ["lookup", "lookup a b", "register a", "list a b", "listmeta_any", "setmeta"]
)
def test_too_few_or_too_many_arguments_end_it(ns: naming.NameServer, command: str) -> None:
    with pytest.raises(SystemExit, match="requires"):
        nsc.handleCommand(ns, None, command.split())


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 2)])
def test_removing_many_is_asked_about(
    ns: naming.NameServer, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    questions = []
    monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or answer)
    assert nsc.handleCommand(ns, None, ["removematching", ".*"]) == 0
    assert len(questions) == 1
    assert ns.count() == left


def test_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def locate(host: str | None, port: int | None, hmac_key: str | None) -> None:
        asked.append((host, port, hmac_key))
        raise errors.NamingError("Failed to locate the nameserver")

    monkeypatch.setattr(nsc, "locateNS", locate)
    for options in (["-n", "there", "-p", "5"], ["-u", "/a/b", "-k", "secret"]):
        with pytest.raises(SystemExit) as ending:
            nsc.main([*options, "ping"])
        assert ending.value.code == 1
    assert asked == [("there", 5, None), ("./u:/a/b", None, "secret")]
    assert capsys.readouterr().out == "Error: Failed to locate the nameserver\n" * 2
    with pytest.raises(SystemExit) as ending:
        nsc.main(["bogus"])
    assert ending.value.code == 2
    assert "invalid or missing command" in capsys.readouterr().err
