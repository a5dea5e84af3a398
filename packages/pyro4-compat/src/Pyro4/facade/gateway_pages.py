"""The page of the HTTP gateway. Nothing in it comes from elsewhere, and every name in it is escaped."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Any, Final, NamedTuple
from urllib.parse import quote

_STYLE: Final = """
body { font-family: sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #ccd; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }
pre { background: #f4f4f8; padding: 1em; white-space: pre-wrap; }
"""
_SCRIPT: Final = """
"use strict";
document.addEventListener("click", async function (event) {
    const link = event.target.closest("a.call");
    if (!link) return;
    event.preventDefault();
    const request = document.getElementById("request");
    const response = document.getElementById("response");
    request.textContent = "GET " + link.href;
    response.textContent = "...";
    try {
        const answer = await fetch(link.href);
        const text = await answer.text();
        const status = answer.ok ? "" : answer.status + " " + answer.statusText + "\\n";
        try {
            response.textContent = status + JSON.stringify(JSON.parse(text), null, 4);
        } catch (problem) {
            response.textContent = status + text;
        }
    } catch (problem) {
        response.textContent = String(problem);
    }
});
"""
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Pyro HTTP gateway</title>
<style>{style}</style>
</head>
<body>
<h1>Pyro HTTP gateway</h1>
<p>Objects are called by <code>/pyro/NAME/METHOD?parameter=value</code>; the answer is JSON.</p>
<h2>Objects in the name server on {location}</h2>
<p>At most {limit} of those whose names match <code>{pattern}</code>.</p>
<table>
<tr><th>Name</th><th>Methods</th><th>Attributes</th></tr>
{rows}
</table>
<h2>Examples</h2>
<p>These work if the name server and a test echo server can be called, too.</p>
<ul>
{examples}
</ul>
<h2>Request and answer</h2>
<pre id="request">Follow a link above.</pre>
<pre id="response"></pre>
<script>{script}</script>
</body>
</html>
"""
_EXAMPLES: Final = (
    ("Pyro.NameServer/$meta", "what the name server offers"),
    ("Pyro.NameServer/list", "all names"),
    ("Pyro.NameServer/list?prefix=test.", "the names that begin with test."),
    ("Pyro.NameServer/lookup?name=Pyro.NameServer", "the address of one name"),
    ("test.echoserver/error", "an exception"),
)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        f"default-src 'none'; connect-src 'self'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
"""Headers of the page. Browsers run no script in it but its own."""


class Listed(NamedTuple):
    """An object in the overview.

    Attributes:
        name: Its name.
        methods: Names of its methods.
        attributes: Names of its attributes.
        problem: Why these are not known; empty if they are.
    """

    name: str
    methods: Iterable[str] = ()
    attributes: Iterable[str] = ()
    problem: str = ""


def overview(objects: Iterable[Listed], location: str, pattern: str, limit: int) -> bytes:
    """The page with what can be called.

    Args:
        objects: The objects.
        location: Where the name server is.
        pattern: Regular expression for the names that can be used.
        limit: How many objects are listed.
    """
    examples = (f"<li>{_link(target, target)}: {escape(meaning)}</li>" for target, meaning in _EXAMPLES)
    page = _PAGE.format(
        style=_STYLE,
        script=_SCRIPT,
        location=escape(location),
        pattern=escape(pattern),
        limit=limit,
        rows="\n".join(map(_row, objects)),
        examples="\n".join(examples),
    )
    return page.encode("utf-8", "replace")


def _row(listed: Listed) -> str:
    name = _link(_path(listed.name, "$meta"), listed.name)
    if listed.problem:
        return f'<tr><td>{name}</td><td colspan="2">{escape(listed.problem)}</td></tr>'
    methods = " ".join(map(escape, sorted(listed.methods)))
    attributes = " ".join(_link(_path(listed.name, each), each) for each in sorted(listed.attributes))
    return f"<tr><td>{name}</td><td>{methods}</td><td>{attributes}</td></tr>"


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="$", errors="replace") for part in parts)


def _link(target: str, text: Any) -> str:
    return f'<a class="call" href="{escape(target)}">{escape(str(text))}</a>'
