import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pyro_core import plugins
from pyro_core.errors import PluginError
from pyro_core.plugins import PluginStatus, Registry

GROUP = "pyro.test-shapes"
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution: one module, its entry points and its requirements."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules = set(sys.modules)

    def install(dist: str, source: str, points: Mapping[str, str], requires: tuple[str, ...] = ()) -> None:
        (site / f"{dist.replace('-', '_')}.py").write_text(source, encoding="utf-8")
        info = site / f"{dist.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {dist}\nVersion: 1.0\n{needs}", encoding="utf-8"
        )
        lines = "".join(f"{name} = {target}\n" for name, target in points.items())
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}", encoding="utf-8")

    yield install
    for name in set(sys.modules) - modules:
        if name.startswith(("shapes_", "own_shapes")):
            del sys.modules[name]


def registry() -> Registry:
    return Registry(GROUP, {"square": "own_shapes:Square", "queue": "queue:Queue"})


def test_a_built_in_plugin_is_loaded_by_its_name() -> None:
    from queue import Queue

    assert registry().load("queue") is Queue


def test_loading_a_built_in_reads_no_metadata() -> None:
    program = f"""
import sys
from pyro_core import plugins
from pyro_core.plugins import Registry
plugins.serializers(), plugins.transports(), plugins.storages(), plugins.commands(), plugins.references()
assert Registry({GROUP!r}, {{"queue": "queue:Queue"}}).load("queue").__name__ == "Queue"
assert "importlib.metadata" not in sys.modules
assert "difflib" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_installed_plugin_is_found_by_its_entry_point(install: Install) -> None:
    install("shapes-round", "class Circle: pass", {"circle": "shapes_round:Circle"})
    shapes = registry()
    circle = shapes.load("circle")
    assert circle.__name__ == "Circle"
    assert shapes.load("circle") is circle
    assert shapes.names() == {"circle", "queue"}  # own_shapes is not installed


def test_the_program_may_register_a_plugin_and_wins_over_installed_ones(install: Install) -> None:
    install("shapes-round", "class Circle: pass", {"circle": "shapes_round:Circle"})
    shapes = registry()
    own = object()
    shapes.register("circle", own)
    assert shapes.load("circle") is own
    assert PluginStatus("circle", "program", "", ok=True) in shapes.check()


def test_registries_do_not_share_what_a_program_registered() -> None:
    one, two = registry(), registry()
    one.register("mine", 1)
    with pytest.raises(PluginError):
        two.load("mine")


def test_a_program_cannot_take_over_a_built_in_name() -> None:
    with pytest.raises(PluginError, match="'queue' is built in and cannot be replaced") as caught:
        registry().register("queue", object())
    assert (caught.value.group, caught.value.name) == (GROUP, "queue")


def test_a_distribution_cannot_take_over_a_built_in_name(install: Install) -> None:
    from queue import Queue

    install("shapes-greedy", "class Queue: pass", {"queue": "shapes_greedy:Queue"})
    shapes = registry()
    assert shapes.load("queue") is Queue
    (status,) = shapes.check()
    assert status == PluginStatus(
        "queue",
        "built-in",
        "queue",
        False,
        "shapes-greedy also claims this built-in name, and is ignored",
        "pip uninstall shapes-greedy",
    )


def test_our_own_entry_points_are_the_built_in_ones(install: Install) -> None:
    install("shapes-own", "", {"queue": "queue:Queue"})
    (status,) = registry().check()
    assert status.ok


def test_two_distributions_with_one_name_are_both_named(install: Install) -> None:
    install("shapes-a", "class Circle: pass", {"circle": "shapes_a:Circle"})
    install("shapes-b", "class Circle: pass", {"circle": "shapes_b:Circle", "oval": "shapes_b:Circle"})
    shapes = registry()
    with pytest.raises(PluginError) as caught:
        shapes.load("circle")
    assert "shapes-a" in str(caught.value)
    assert "shapes-b" in str(caught.value)
    assert "pip uninstall shapes-" in str(caught.value)
    assert shapes.load("oval").__module__ == "shapes_b"  # the others are not affected
    assert [status.ok for status in shapes.check()] == [False, True, True]


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("raise ValueError('no; not today')", "shapes_broken:X", "ValueError: no; not today"),
        ("raise SystemExit(3)", "shapes_broken:X", "SystemExit: 3"),
        ("def (", "shapes_broken:X", "SyntaxError"),
        ("", "shapes_broken:Missing", "AttributeError"),
        ("", "no entry point", "AttributeError"),
    ],
)
def test_a_broken_plugin_says_whose_it_is_and_affects_no_other(
    install: Install, source: str, target: str, problem: str
) -> None:
    install("shapes-broken", source, {"broken": target})
    install("shapes-fine", "class Fine: pass", {"fine": "shapes_fine:Fine"})
    shapes = registry()
    assert shapes.load("fine").__name__ == "Fine"
    with pytest.raises(PluginError) as caught:
        shapes.load("broken")
    assert str(caught.value).startswith("'broken' from shapes-broken cannot be loaded: ")
    assert problem in str(caught.value)
    assert caught.value.__cause__ is not None
    status = {row.name: row for row in shapes.check()}["broken"]
    assert (status.source, status.dist, status.ok, status.missing_extra) == (
        "entry point",
        "shapes-broken",
        False,
        False,
    )
    assert status.remedy == "tell its maintainers, or pip uninstall shapes-broken"
    assert problem in status.problem


@pytest.mark.parametrize(
    ("requires", "remedy"),
    [
        (("missing-module>=1; extra == 'fast'",), "pip install 'shapes-lazy[fast]'"),
        (("Other; extra == 'a'", 'Missing.Module ; extra == "b"'), "pip install 'shapes-lazy[b]'"),
        (
            ("PyMissing; extra == 'missing-module'", "x; extra == 'y'"),
            "pip install 'shapes-lazy[missing-module]'",
        ),
        (("PyMissing; extra == 'only'",), "pip install 'shapes-lazy[only]'"),
        (("a; extra == 'a'", "b; extra == 'b'"), "pip install --force-reinstall shapes-lazy"),
        (("missing-module",), "pip install --force-reinstall shapes-lazy"),
        ((), "pip install --force-reinstall shapes-lazy"),
    ],
)
def test_a_missing_module_comes_with_the_extra_that_brings_it(
    install: Install, requires: tuple[str, ...], remedy: str
) -> None:
    install("shapes-lazy", "import missing_module.part", {"lazy": "shapes_lazy:X"}, requires)
    with pytest.raises(PluginError) as caught:
        registry().load("lazy")
    assert str(caught.value) == (
        f"'lazy' from shapes-lazy needs the module 'missing_module', which is not installed; {remedy}"
    )


def test_a_built_in_that_lacks_an_optional_dependency_is_not_broken(install: Install) -> None:
    install("own-shapes", "import fast_shapes", {}, ("fast-shapes; extra == 'fast'",))
    shapes = registry()
    with pytest.raises(PluginError, match=r"; pip install 'own-shapes\[fast\]'$"):
        shapes.load("square")
    status = {row.name: row for row in shapes.check()}["square"]
    assert status == PluginStatus(
        "square",
        "built-in",
        "own-shapes",
        ok=False,
        problem="'square' from own-shapes needs the module 'fast_shapes', which is not installed",
        remedy="pip install 'own-shapes[fast]'",
        missing_extra=True,
    )


def test_a_built_in_whose_distribution_is_absent_is_named_with_it() -> None:
    with pytest.raises(PluginError, match="'square' is not installed; pip install own-shapes"):
        registry().load("square")


@pytest.mark.parametrize(("name", "hint"), [("quue", "did you mean 'queue'?"), ("zzz", "known are queue")])
def test_an_unknown_name_comes_with_known_ones(name: str, hint: str) -> None:
    with pytest.raises(PluginError) as caught:
        registry().load(name)
    assert str(caught.value) == f"no plugin {name!r} in {GROUP!r}; {hint}"


def test_installed_distributions_are_read_once(install: Install) -> None:
    shapes = registry()
    assert shapes.names() == {"queue"}
    install("shapes-late", "class Late: pass", {"late": "shapes_late:Late"})
    assert shapes.names() == {"queue"}
    assert "late" in registry().names()


@pytest.mark.parametrize(
    ("ask", "group", "names"),
    [
        (plugins.serializers, "pyro.serializers", {"serpent", "json", "marshal", "msgpack", "pickle"}),
        (plugins.transports, "pyro.transports", {"threaded", "multiplex", "existing"}),
        (plugins.storages, "pyro.nameserver.storage", {"memory", "sqlite", "etcd", "postgres"}),
        (plugins.commands, "pyro.commands", {"ns", "call", "echo", "config", "plugins", "version"}),
        (plugins.references, "pyro.references", {"proxy", "nameserver"}),
    ],
)
def test_each_group_has_its_registry(ask: Callable[[], Registry], group: str, names: set[str]) -> None:
    assert ask() is ask()
    assert ask().group == group
    assert names <= set(ask()._builtins)
