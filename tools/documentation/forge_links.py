"""A Sphinx extension: a link to a folder leads to its README.md, as on a forge.

Where there is none, a forge lists the folder; the site has nothing to show, and keeps the text of the link.
"""

from posixpath import dirname, join, normpath
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", lead_to_readmes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def lead_to_readmes(app: Sphinx, doctree: nodes.document) -> None:
    """Turn the links of one page; one that leads to nothing stays as it is, and is warned of by MyST."""
    for link in [*doctree.findall(pending_xref)]:
        if link.get("reftype") != "myst" or link.get("refdomain"):
            continue
        folder = normpath(join(dirname(link["refdoc"]), link["reftarget"]))
        if f"{folder}/README" in app.env.found_docs:
            link["refdomain"], link["reftarget"], link["reftargetid"] = "doc", f"{folder}/README", None
        elif (app.srcdir / folder).is_dir():
            link.replace_self(link.children)
