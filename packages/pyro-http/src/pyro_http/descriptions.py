"""What clients are told about an object: its members with signatures, docs and JSON schemas."""

from typing import Any

from pyro_core.descriptions import GENERATOR, AttributeDescription, MethodDescription, ParameterDescription
from pyro_http.annotations import item_type, json_type
from pyro_http.daemons import Members


def describe_object(members: Members) -> dict[str, Any]:
    """An object."""
    description, metadata = members.description, members.metadata
    return {
        "class": description.name,
        "doc": description.doc,
        "methods": [_method(members.method(name)) for name in sorted(metadata.methods)],
        "attributes": [_attribute(members.attribute(name)) for name in sorted(metadata.attrs)],
    }


def signature_text(method: MethodDescription) -> str:
    """The signature, as Python has it."""
    if method.parameters is None:
        return "(...)"
    words: list[str] = []
    seen_star = False
    for number, one in enumerate(method.parameters):
        if one.kind == "keyword-only" and not seen_star:
            words.append("*")
            seen_star = True
        seen_star = seen_star or one.kind == "variadic positional"
        words.append(_parameter_text(one))
        following = method.parameters[number + 1 : number + 2]
        if one.kind == "positional-only" and (not following or following[0].kind != "positional-only"):
            words.append("/")
    returns = f" -> {method.returns}" if method.returns else ""
    return f"({', '.join(words)}){returns}"


def _parameter_text(one: ParameterDescription) -> str:
    stars = {"variadic positional": "*", "variadic keyword": "**"}.get(one.kind, "")
    typed = f": {one.annotation}" if one.annotation else ""
    default = f" = {one.default}" if typed else f"={one.default}"
    return f"{stars}{one.name}{typed}{default if one.default else ''}"


def _method(method: MethodDescription) -> dict[str, Any]:
    parameters = method.parameters
    result = item_type(method.returns) if method.kind == GENERATOR else json_type(method.returns)
    return {
        "name": method.name,
        "kind": method.kind,
        "signature": signature_text(method),
        "doc": method.doc,
        "parameters": None if parameters is None else [_parameter(one) for one in parameters],
        "returns": {"annotation": method.returns, "schema": result.given_schema()},
    }


def _parameter(one: ParameterDescription) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "annotation": one.annotation,
        "default": one.default,
        "required": not one.default and not one.kind.startswith("variadic"),
        "schema": json_type(one.annotation).taken_schema(),
    }


def _attribute(attribute: AttributeDescription) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "annotation": attribute.annotation,
        "writable": attribute.writable,
        "doc": attribute.doc,
        "schema": json_type(attribute.annotation).taken_schema(),
    }
