import pytest

from pyro_http.routing import MAX_REMEMBERED_BYTES, route_of


def routed(path: str, root: str = "", kind: str = "http") -> tuple[str, list[str]] | None:
    found = route_of({"type": kind, "raw_path": path.encode(), "path": path, "root_path": root})
    return None if found is None else (found[0].label, found[1])


@pytest.mark.parametrize(
    ("path", "label", "parts"),
    [
        ("/objects", "objects", []),
        ("/objects/http.shop", "describe", ["http.shop"]),
        ("/objects/a%2Fb%20c", "describe", ["a/b c"]),
        ("/objects/methods/methods/methods", "call", ["methods", "methods"]),
        ("/objects/x/attributes/y", "attribute", ["x", "y"]),
        ("/pyro/x/$meta", "classic_call", ["x", "$meta"]),
        ("/pyro/", "classic_list", []),
        ("/console/", "console", [""]),
        ("/console/main.js", "console", ["main.js"]),
        ("/", "root", []),
        ("/objects/" + "n" * MAX_REMEMBERED_BYTES, "describe", ["n" * MAX_REMEMBERED_BYTES]),
    ],
)
def test_a_path_leads_to_its_endpoint(path: str, label: str, parts: list[str]) -> None:
    assert routed(path) == (label, parts)
    assert routed(f"/some%20where{path}", "/some where") == (label, parts)


@pytest.mark.parametrize(
    "path", ["/other", "/objects/", "/objects/x/methods", "/objects/a/b/c/d", "//objects"]
)
def test_other_paths_lead_nowhere(path: str) -> None:
    assert routed(path) in (None, ("describe", [""]))


def test_streams_are_for_sockets_only_and_all_else_is_not() -> None:
    path = "/objects/x/streams/y"
    assert routed(path) is None
    assert routed(path, kind="websocket") == ("stream", ["x", "y"])
    assert routed("/objects", kind="websocket") is None


def test_a_server_that_gives_no_raw_path_will_do() -> None:
    found = route_of({"type": "http", "path": "/objects/a b", "root_path": ""})
    assert found is not None
    assert found[1] == ["a b"]
