import re

import pytest

from pyro_http.console_files import POLICY, all_files, response
from pyro_http.problems import Problem


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    for name, file in all_files().items():
        text = file.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"(^|\s)//.*", "", text) or name.endswith(".svg"), name
        assert not re.search(r"""innerHTML|outerHTML|insertAdjacentHTML|eval\(|document\.write""", text), name
    page = all_files()["index.html"].content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    for source in re.findall(r'(?:src|href)="([^"#][^"]*)"', page):
        assert source in all_files() or source == "../pyro/"


def test_each_module_that_is_imported_is_there() -> None:
    for name, file in all_files().items():
        if name.endswith(".js"):
            for imported in re.findall(r'from "\./([^"]+)"', file.content.decode()):
                assert imported in all_files(), f"{name} imports {imported}"


def test_files_have_types_tags_and_a_strict_policy() -> None:
    answer = response("main.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert response("main.js", answer.headers["etag"]).status_code == 304


@pytest.mark.parametrize("name", ["missing.js", "../settings.py", "__init__.py"])
def test_there_are_no_other_files(name: str) -> None:
    with pytest.raises(Problem, match="the console has no file"):
        response(name)
