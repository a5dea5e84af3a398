"""The form in which the gateways of Pyro4 and Pyro5 are called, with what they answer."""

import html
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from pyro_core.descriptions import ONEWAY
from pyro_core.identity import Principal
from pyro_http.arguments import Arguments
from pyro_http.json_values import to_json
from pyro_http.messages import json_response
from pyro_http.problems import Problem
from pyro_http.streaming import is_stream

if TYPE_CHECKING:
    from pyro_http.endpoints import Endpoints

METADATA: Final = "$meta"
FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 1_000
"""Arguments of a call."""
_SHOWN: Final = 100
"""Names on the page."""


async def answer(
    endpoints: "Endpoints", request: Request, principal: Principal, name: str, member: str, form: bytes
) -> Response:
    """Call a method with the texts of a query or form, or read an attribute.

    Raises:
        Problem: If that fails.
    """
    _refuse_key(request)
    if member == METADATA:
        _, members = await endpoints.reach(principal, name)
        metadata = members.metadata
        return json_response({"methods": sorted(metadata.methods), "attributes": sorted(metadata.attrs)})
    fields = _fields(request, form)
    _, members = await endpoints.reach(principal, name)
    is_attribute = member in members.metadata.attrs and member not in members.metadata.methods
    target, members = await endpoints.reach(principal, name, member, "get" if is_attribute else "call")
    if is_attribute:
        if fields or request.method == "POST":
            raise Problem("bad-request", f"{member} is an attribute: it is read with GET and no parameters")
        return json_response(to_json(await endpoints.checked(target.get(member))))
    method = members.method(member)
    oneway = method.kind == ONEWAY or "oneway" in request.headers.get("x-pyro-options", "").split(",")
    value = await endpoints.invoke(principal, target, member, Arguments((), fields), oneway=oneway)
    if is_stream(value):
        await value.aclose()
        raise Problem(
            "not-acceptable", f"{member} returns a stream; see /objects/{{name}}/methods/{{method}}"
        )
    if oneway:
        return Response(b"", media_type="application/json")
    return json_response(to_json(value))


def overview(names: list[str]) -> str:
    """A page with the names."""
    shown = "\n".join(f"<li><code>{html.escape(name)}</code></li>" for name in names[:_SHOWN])
    more = f"<p>and {len(names) - _SHOWN} more</p>" if len(names) > _SHOWN else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<title>Pyro HTTP gateway</title></head>\n"
        "<body><h1>Pyro HTTP gateway</h1>\n"
        "<p>A method is called with <code>/pyro/NAME/METHOD?argument=value</code>; "
        "<code>/pyro/NAME/$meta</code> tells what there is.</p>\n"
        f"<ul>\n{shown}\n</ul>{more}</body></html>\n"
    )


def _refuse_key(request: Request) -> None:
    """A key in an address ends up in logs and histories."""
    if "$key" in request.query_params:
        raise Problem("bad-request", "$key is not taken in an address; send the header X-Pyro-Gateway-Key")


def _fields(request: Request, form: bytes) -> dict[str, Any]:
    """Texts, or a list of them where a name comes more than once."""
    pairs = list(request.query_params.multi_items())
    if form:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise Problem("bad-content-type", f"expected a form ({FORM}); /objects/... takes JSON")
        try:
            pairs += parse_qsl(form.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError as problem:
            raise Problem("bad-request", f"the form cannot be read: {problem}") from problem
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name not in fields:
            fields[name] = text
        elif isinstance(fields[name], list):
            fields[name].append(text)
        else:
            fields[name] = [fields[name], text]
    return fields
