"""How Sphinx builds the site: `hatch run docs`.

The folder of sources is the root of the repository, so that links like `../../SECURITY.md` lead to the same
file here and on a forge. What becomes a page is listed in `include_patterns`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools" / "documentation"))

project = "Python Remote Objects"
author = "the Pyro Remote Objects developers"
copyright = author
html_title = project
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "forge_links", "public_names"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "packages/*/README.md",
    "packages/*/CHANGELOG.md",
    "examples/**.md",
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
]
exclude_patterns = [".*", "build", "dist", "profiles", "docs/README.md"]

# Anchors of headings, as forges make them.
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
add_module_names = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Class attributes", "attributes")]

html_theme = "furo"
pygments_dark_style = "monokai"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
