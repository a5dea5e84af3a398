import sys

import pytest

from pyro_flame.modules import create_module, module_source, run_source


@pytest.fixture(autouse=True)
def only_for_a_test(monkeypatch) -> None:
    monkeypatch.setattr(sys, "modules", sys.modules.copy())


def test_a_module_in_packages_that_are_made() -> None:
    made = create_module("flame_a.b.c", "def square(x): return x * x\nname = __name__")
    assert made.square(3) == 9
    assert made.name == "flame_a.b.c"
    import flame_a.b.c

    assert flame_a.b.c is made


def test_existing_packages_stay_and_the_module_is_replaced() -> None:
    create_module("flame_a.b", "x = 1")
    create_module("flame_a.c", "x = 2")
    replaced = create_module("flame_a.b", "x = 3")
    import flame_a.b
    import flame_a.c

    assert (flame_a.b.x, flame_a.c.x) == (3, 2)
    assert flame_a.b is replaced


def test_in_a_namespace_of_its_own() -> None:
    namespace = {}
    create_module("flame_b.c", "x = 1", namespace=namespace)
    assert namespace["flame_b"].c.x == 1
    assert not any(name.startswith("flame_b") for name in sys.modules)


def test_a_module_that_fails_leaves_nothing_behind() -> None:
    kept = create_module("flame_c", "x = 1")
    with pytest.raises(ZeroDivisionError):
        create_module("flame_c", "1/0")
    with pytest.raises(ZeroDivisionError):
        create_module("flame_d", "1/0")
    with pytest.raises(SyntaxError):
        create_module("flame_e", "x =")
    assert sys.modules["flame_c"] is kept
    assert not {"flame_d", "flame_e"} & set(sys.modules)


@pytest.mark.parametrize("name", ["", "a.", ".a", "a..b"])
def test_a_name_must_have_all_its_parts(name) -> None:
    with pytest.raises(ValueError, match="not the name of a module"):
        create_module(name, "")


def test_running_source_with_lines_of_any_kind() -> None:
    namespace = {}
    run_source("if True:\r\n  x = 5 + 6\r\n   ", "<test>", namespace)
    assert namespace["x"] == 11


def test_the_source_of_a_module() -> None:
    assert "def module_source" in module_source(sys.modules[module_source.__module__])
    with pytest.raises(TypeError):
        module_source(sys)
