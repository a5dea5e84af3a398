import sys
from types import ModuleType

import pytest

from pyro_core.errors import SecurityError
from pyro_flame.policy import Policy
from pyro_flame.targets import find_inside, find_member, find_module, members_of

ACTS = ("code", "console", "send_modules", "get_modules", "send_files", "get_files")


@pytest.mark.parametrize("act", ACTS)
def test_by_default_nothing_is_allowed(act) -> None:
    with pytest.raises(SecurityError, match=act):
        Policy().check(act)
    Policy(**{act: True}).check(act)
    Policy.everything().check(act)


def test_by_default_nothing_can_be_called() -> None:
    for module in ("os", "builtins", "math"):
        with pytest.raises(SecurityError):
            find_module(Policy(), module)
        with pytest.raises(SecurityError):
            find_member(Policy(), module, "pow")


def test_one_text_is_not_several_names(tmp_path) -> None:
    for one in ({"calls": "os"}, {"get_files": "/srv"}, {"send_files": tmp_path}):
        with pytest.raises(TypeError, match="several"):
            Policy(**one)


@pytest.mark.parametrize(
    ("calls", "module", "path"),
    [
        ({"math"}, "math", "sqrt"),
        ({"math.sqrt"}, "math", "sqrt"),
        ({"builtins.max"}, "builtins", "max"),
        ({"json"}, "json", "dumps"),
        ({"json"}, "json.decoder", "JSONDecoder"),
        ({"json"}, "json", "decoder.JSONDecoder.decode"),
        ({"xml.dom.minidom"}, "xml.dom.minidom", "parseString"),
        ({"xml.dom.minidom"}, "xml", "dom.minidom.parseString"),
        ({"os.path"}, "os", "path.join"),
        ({"os.path.join"}, "os", "path.join"),
        ({"collections.Counter"}, "collections", "Counter.fromkeys"),
        ({"os.get*"}, "os", "getcwd"),
        ({"json.*.JSON*"}, "json", "decoder.JSONDecoder"),
        ({"os.path.j*"}, "os.path", "join"),
        ({"*"}, "os", "sys.exit"),
        ({"*"}, "os", "_exit"),
    ],
)
def test_what_is_listed_and_what_is_in_it_can_be_called(calls, module, path) -> None:
    assert callable(find_member(Policy(calls=calls), module, path))


@pytest.mark.parametrize(
    ("calls", "module", "path"),
    [
        ({"math.sqrt"}, "math", "cos"),
        ({"math.sq"}, "math", "sqrt"),
        ({"os"}, "osx", "getcwd"),
        ({"os.path.join"}, "os", "path.split"),
        ({"os.path.join"}, "os", "getcwd"),
        ({"shutil"}, "shutil", "os.system"),
        ({"shutil"}, "shutil", "sys.modules.clear"),
        ({"json"}, "json", "decoder.scanner.re.compile"),
        ({"math"}, "math", "__loader__.load_module"),
        ({"collections"}, "collections", "Counter.__init__.__globals__.get"),
        ({"os"}, "os", "_exit"),
        ({"os.get*"}, "os", "system"),
        ({"shutil.*"}, "shutil", "os.system"),
        ({"shutil.*.*"}, "shutil", "os.system"),
        ({"flame_made"}, "flame_made", "items.gi_frame.f_globals.get"),
    ],
)
def test_what_is_not_listed_cannot_be_reached_through_what_is(calls, module, path, monkeypatch) -> None:
    made = ModuleType("flame_made")
    made.items = (item for item in "abc")
    monkeypatch.setitem(sys.modules, "flame_made", made)
    with pytest.raises(SecurityError, match="not allowed by the policy"):
        find_member(Policy(calls=calls), module, path)


def test_what_is_not_allowed_is_not_imported(tmp_path, monkeypatch) -> None:
    (tmp_path / "flame_trap.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SecurityError):
        find_module(Policy(calls={"math"}), "flame_trap")


def test_what_does_not_exist_is_an_ordinary_error() -> None:
    everything = Policy.everything()
    with pytest.raises(ModuleNotFoundError):
        find_module(everything, "no_such_module")
    with pytest.raises(AttributeError, match="no_such"):
        find_member(everything, "xml", "no_such")
    with pytest.raises(AttributeError, match="no_such"):
        find_member(everything, "math", "no_such")


class Thing:
    def __init__(self):
        self.items = (item for item in "abc")
        self.os = sys.modules["os"]
        self._own = 1


@pytest.mark.parametrize(
    "path",
    ["_own", "__class__", "items.gi_frame", "items.gi_code", "os", "os.system", "__init__.__globals__"],
)
def test_an_object_that_was_given_is_no_way_to_everything(path) -> None:
    with pytest.raises(SecurityError, match="not allowed by the policy"):
        find_inside(Policy(calls={"math"}), Thing(), path)
    find_inside(Policy.everything(), Thing(), path)


def test_a_frame_that_was_given_stays_closed() -> None:
    with pytest.raises(SecurityError, match="frame"):
        find_inside(Policy(calls={"sys"}), sys._getframe(), "f_globals")


def test_members_are_those_that_may_be_used() -> None:
    assert members_of(Policy(calls={"math.pi", "math.s*"}), "math") == {
        "pi": False,
        **dict.fromkeys(("sin", "sinh", "sqrt"), True),
        **({"sumprod": True} if hasattr(sys.modules["math"], "sumprod") else {}),
    }
    assert "_exit" not in members_of(Policy(calls={"os"}), "os")
    assert "sys" not in members_of(Policy(calls={"os"}), "os")
