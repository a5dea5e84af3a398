"""The pictures of the explanations are what the script draws now."""

from types import FunctionType
from xml.etree import ElementTree

import drawings
import pytest


@pytest.mark.parametrize("draw", drawings.PICTURES)
def test_the_picture_in_the_documentation_is_what_is_drawn(draw: FunctionType) -> None:
    assert (drawings.FOLDER / f"{draw.__name__}.svg").read_text(encoding="utf8") == draw().svg()


@pytest.mark.parametrize("draw", drawings.PICTURES)
def test_words_are_text_and_stay_on_the_sheet(draw: FunctionType) -> None:
    root = ElementTree.fromstring(draw().svg())
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    found = [element for element in root if element.tag.endswith("text")]
    assert found
    assert all(0 < float(e.attrib["x"]) < width and 0 < float(e.attrib["y"]) < height for e in found)
