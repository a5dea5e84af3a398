"""Arguments of a call as JSON has them, checked against the signature that the remote object tells."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pyro_core.descriptions import MethodDescription, ParameterDescription
from pyro_http.annotations import json_type
from pyro_http.json_types import JsonType, Schema, reference
from pyro_http.json_values import BadValue, escaped, from_json
from pyro_http.problems import Finding, Problem

_POSITIONAL: Final = ("positional-only", "positional")
_BY_NAME: Final = ("positional", "keyword-only")
MAX_FINDINGS: Final = 20
"""Things that are told to be wrong with one request."""


class Arguments(NamedTuple):
    """Arguments of a call."""

    args: Sequence[Any]
    kwargs: Mapping[str, Any]


def read_arguments(document: Any, method: MethodDescription | None) -> Arguments:
    """The arguments in the body of a request.

    Args:
        document: ``{"args": [...], "kwargs": {...}}``; either may be missing.
        method: What is known about the method; None if nothing is.

    Raises:
        Problem: If the document is of another form, or the method does not take these arguments.
    """
    if not isinstance(document, dict) or not document.keys() <= {"args", "kwargs"}:
        raise Problem("bad-json", 'the body must be an object with "args", "kwargs", both, or neither')
    args, kwargs = document.get("args", []), document.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise Problem("bad-json", '"args" must be an array, and "kwargs" an object')
    return checked_arguments(args, kwargs, method)


def checked_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], method: MethodDescription | None
) -> Arguments:
    """JSON values as Python values.

    Raises:
        Problem: If the method does not take them.
    """
    findings: list[Finding] = []

    def taken(kind: JsonType | None, value: Any, pointer: str) -> Any:
        try:
            return from_json(value, pointer) if kind is None else kind.take(value, pointer)
        except BadValue as problem:
            findings.append(problem.finding)

    if method is None or method.parameters is None:
        by_position: list[JsonType | None] = [None] * len(args)
        by_name: dict[str, JsonType | None] = dict.fromkeys(kwargs)
    else:
        by_position, by_name = _placed(args, kwargs, method.parameters, findings)
    made_args = [taken(kind, args[n], f"/args/{n}") for n, kind in enumerate(by_position)]
    made_kwargs = {
        name: taken(kind, kwargs[name], f"/kwargs/{escaped(name)}") for name, kind in by_name.items()
    }
    if findings:
        first = findings[0]
        where = f"{first.pointer}: " if first.pointer else ""
        raise Problem("bad-argument", f"{where}{first.detail}", findings=findings[:MAX_FINDINGS])
    return Arguments(made_args, made_kwargs)


def _placed(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    parameters: Sequence[ParameterDescription],
    findings: list[Finding],
) -> tuple[list[JsonType | None], dict[str, JsonType | None]]:
    """The types of the arguments, by position and by name; what fits nowhere is a finding."""
    positional = [one for one in parameters if one.kind in _POSITIONAL]
    named = {one.name: one for one in parameters if one.kind in _BY_NAME}
    more = next((one for one in parameters if one.kind == "variadic positional"), None)
    more_named = next((one for one in parameters if one.kind == "variadic keyword"), None)
    by_position: list[JsonType | None] = [
        json_type(one.annotation) for one, _ in zip(positional, args, strict=False)
    ]
    surplus = len(args) - len(by_position)
    if surplus and more is None:
        most = len(positional)
        findings.append(Finding(f"/args/{most}", f"expected at most {most} positional arguments"))
    elif more is not None:
        by_position += [json_type(more.annotation)] * surplus
    given = {one.name for one in positional[: len(args)]}
    by_name: dict[str, JsonType | None] = {}
    for name in kwargs:
        one = named.get(name)
        if one is not None and name in given:
            findings.append(Finding(f"/kwargs/{escaped(name)}", "given by position as well"))
        elif one is not None:
            by_name[name] = json_type(one.annotation)
        elif more_named is not None:
            by_name[name] = json_type(more_named.annotation)
        else:
            findings.append(Finding(f"/kwargs/{escaped(name)}", f"expected {_names(named)}"))
    for number, one in enumerate(parameters):
        if one.default or one.kind.startswith("variadic") or one.name in given or one.name in by_name:
            continue
        where = f"/args/{number}" if one.kind == "positional-only" else f"/kwargs/{one.name}"
        findings.append(Finding(where, f"missing: the argument {one.name!r}"))
    return by_position, by_name


def _names(named: Mapping[str, Any]) -> str:
    return f"one of the names {', '.join(named)}" if named else "no arguments by name"


def body_schema(method: MethodDescription) -> tuple[Schema, bool]:
    """The schema of a call's body, and whether there must be one."""
    parameters = method.parameters
    if parameters is None:
        return reference("Arguments"), False
    positional = [one for one in parameters if one.kind in _POSITIONAL]
    only_position = [one for one in parameters if one.kind == "positional-only"]
    keyword_only = [one for one in parameters if one.kind == "keyword-only"]
    more = next((one for one in parameters if one.kind == "variadic positional"), None)
    more_named = next((one for one in parameters if one.kind == "variadic keyword"), None)
    by_name = _both(
        _array(only_position, None), _object([one for one in parameters if one.kind in _BY_NAME], more_named)
    )
    by_position = _both(_array(positional, more), _object(keyword_only, more_named))
    required = any(not one.default for one in [*positional, *keyword_only])
    return (by_name if by_name == by_position else {"anyOf": [by_name, by_position]}), required


def _both(args: Schema, kwargs: Schema) -> Schema:
    required = [name for name, part in (("args", args), ("kwargs", kwargs)) if part.pop("is_required")]
    return {
        "type": "object",
        "properties": {"args": args, "kwargs": kwargs},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _array(parameters: Sequence[ParameterDescription], more: ParameterDescription | None) -> Schema:
    least = sum(not one.default for one in parameters)
    schema: Schema = {"type": "array", "minItems": least, "is_required": bool(least)}
    if parameters:
        schema["prefixItems"] = [_described(one) for one in parameters]
    if more is None:
        schema["maxItems"] = len(parameters)
    else:
        schema["items"] = _described(more)
    return schema


def _object(parameters: Sequence[ParameterDescription], more: ParameterDescription | None) -> Schema:
    required = [one.name for one in parameters if not one.default]
    return {
        "type": "object",
        "properties": {one.name: _described(one) for one in parameters},
        "additionalProperties": False if more is None else _described(more),
        "is_required": bool(required),
        **({"required": required} if required else {}),
    }


def _described(parameter: ParameterDescription) -> Schema:
    """The schema of a parameter; its default is only told, as it is no JSON."""
    schema = json_type(parameter.annotation).taken_schema()
    if parameter.default and "$ref" not in schema:
        schema = {**schema, "description": f"Default: {parameter.default}"}
    return schema
