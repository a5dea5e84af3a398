"""What a gateway offers as OpenAPI 3.1, made from what the remote objects tell about themselves."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pyro_core.descriptions import (
    GENERATOR,
    ONEWAY,
    AttributeDescription,
    ClassDescription,
    MethodDescription,
)
from pyro_http.__about__ import __version__
from pyro_http.annotations import item_type, json_type
from pyro_http.arguments import body_schema
from pyro_http.json_types import Schema, reference
from pyro_http.openapi_forms import FORMS
from pyro_http.problems import MEDIA_TYPE, TITLES

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
_ALWAYS: Final = (400, 401, 403, 404, 421, 429, 500, 502, 503, 504)
_WITH_BODY: Final = (408, 413, 415, 422)


def document(objects: Mapping[str, ClassDescription], root_path: str, *, has_tokens: bool) -> dict[str, Any]:
    """The document.

    Args:
        objects: Name -> what the object tells about itself.
        root_path: Where the gateway is mounted.
        has_tokens: Whether clients have to say who they are.
    """
    paths = _own_paths()
    for name, described in sorted(objects.items()):
        paths.update(_object_paths(name, described))
    schemes = {"token": {"type": "http", "scheme": "bearer"}} if has_tokens else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Remote objects",
            "version": __version__,
            "summary": "Remote Python objects over HTTP",
            "description": "Arguments by name go into kwargs, by position into args. Values that JSON lacks "
            'are objects with one $ member, such as {"$bytes": "aGVsbG8="}.',
        },
        "servers": [{"url": root_path or "/"}],
        "paths": paths,
        "components": {"schemas": FORMS, "securitySchemes": schemes, "responses": _problem_responses()},
        **({"security": [{"token": []}]} if has_tokens else {}),
    }


def _own_paths() -> dict[str, Any]:
    prefix = {"name": "prefix", "in": "query", "schema": {"type": "string"}, "description": "Of names."}
    return {
        "/objects": {
            "get": _operation(
                "listObjects", "All names.", _content(reference("Objects")), parameters=[prefix]
            )
        },
        "/livez": {"get": _text_operation("isAlive", "Whether the gateway does its work.")},
        "/readyz": {"get": _text_operation("isReady", "Whether the name server is heard.", 503)},
        "/metrics": {"get": _text_operation("readMetrics", "Figures for Prometheus.")},
    }


def _object_paths(name: str, described: ClassDescription) -> dict[str, Any]:
    base = f"/objects/{_part(name)}"
    tags = [name]
    paths: dict[str, Any] = {
        base: {
            "get": _operation(
                f"{name}:describe", "What the object offers.", _content(reference("Object")), tags=tags
            )
        },
        f"{base}/ping": {
            "get": _operation(
                f"{name}:ping", "Whether its daemon answers.", _content(reference("Ping")), tags=tags
            )
        },
    }
    for method in described.methods.values():
        paths[f"{base}/methods/{_part(method.name)}"] = {"post": _call(name, method)}
    for attribute in described.attributes.values():
        paths[f"{base}/attributes/{_part(attribute.name)}"] = _attribute(name, attribute)
    return paths


def _call(name: str, method: MethodDescription) -> dict[str, Any]:
    body, required = body_schema(method)
    if method.kind == ONEWAY:
        responses = {"202": {"description": "Sent.", **_content(_member("result", {"type": "null"}))}}
    elif method.kind == GENERATOR:
        item = item_type(method.returns).given_schema()
        responses = {
            "200": {
                "description": "Events named item, with an item as data; then end, or problem.",
                "content": {EVENTS: {"schema": reference("Event"), "x-item-schema": item}},
            }
        }
    else:
        schema = json_type(method.returns).given_schema()
        responses = {"200": {"description": "The result.", **_content(_member("result", schema))}}
    operation = {
        "operationId": f"{name}:{method.name}",
        "summary": method.doc.partition("\n")[0] or method.name,
        "tags": [name],
        "requestBody": {"required": required, **_content(body)},
        "responses": responses | _problems(*_ALWAYS, *_WITH_BODY, 406),
    }
    if method.doc:
        operation["description"] = method.doc
    return operation


def _attribute(name: str, attribute: AttributeDescription) -> dict[str, Any]:
    kind = json_type(attribute.annotation)
    given = {"description": "Its value.", **_content(_member("value", kind.given_schema()))}
    summary = attribute.doc.partition("\n")[0] or attribute.name
    operations: dict[str, Any] = {
        "get": {
            "operationId": f"{name}:get:{attribute.name}",
            "summary": summary,
            "tags": [name],
            "responses": {"200": given} | _problems(*_ALWAYS),
        }
    }
    if attribute.writable:
        operations["put"] = {
            "operationId": f"{name}:set:{attribute.name}",
            "summary": summary,
            "tags": [name],
            "requestBody": {"required": True, **_content(_member("value", kind.taken_schema()))},
            "responses": {"204": {"description": "Written."}} | _problems(*_ALWAYS, *_WITH_BODY),
        }
    return operations


def _operation(
    name: str, summary: str, content: dict[str, Any], *, parameters: Any = (), tags: Any = ("gateway",)
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "tags": list(tags),
        "parameters": list(parameters),
        "responses": {"200": {"description": summary, **content}} | _problems(*_ALWAYS),
    }


def _text_operation(name: str, summary: str, *others: int) -> dict[str, Any]:
    text = {"description": summary, "content": {"text/plain": {"schema": {"type": "string"}}}}
    responses = {"200": text, **{str(status): text for status in others}}
    statuses = (status for status in (400, 401, 403, 421, 429) if str(status) not in responses)
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["gateway"],
        "responses": responses | _problems(*statuses),
    }


def _content(schema: Schema) -> dict[str, Any]:
    return {"content": {JSON: {"schema": schema}}}


def _member(name: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _problem_responses() -> dict[str, Any]:
    texts: dict[int, list[str]] = {}
    for status, title in TITLES.values():
        texts.setdefault(status, []).append(title)
    return {
        f"Problem{status}": {
            "description": "; ".join(titles),
            "content": {MEDIA_TYPE: {"schema": reference("Problem")}},
        }
        for status, titles in texts.items()
    }


def _part(name: str) -> str:
    """A name as a part of a path; braces would be the beginning of a parameter."""
    return quote(name, safe="")
