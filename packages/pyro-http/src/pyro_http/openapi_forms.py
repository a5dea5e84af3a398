"""Schemas of what is the same in every ``/openapi.json``: values, their forms, problems, and names."""

from typing import Any, Final

Schema = dict[str, Any]


def _form(member: str, content: Schema, what: str) -> Schema:
    return {
        "type": "object",
        "description": what,
        "properties": {member: content},
        "required": [member],
        "additionalProperties": False,
    }


def _text(**more: Any) -> Schema:
    return {"type": "string", **more}


_BASE64: Final = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_ANY: Final[Schema] = {"$ref": "#/components/schemas/Value"}
_ITEMS: Final[Schema] = {"type": "array", "items": _ANY}
_NUMBER: Final[Schema] = {"type": "number"}
_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457. The type is stable; exception is there if a remote method raised one.",
    "properties": {
        "type": _text(format="uri-reference"),
        "title": _text(),
        "status": {"type": "integer"},
        "detail": _text(),
        "instance": _text(format="uri"),
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _text(), "detail": _text()},
                "required": ["pointer", "detail"],
            },
        },
        "exception": {
            "type": "object",
            "properties": {"type": _text(), "message": _text(), "traceback": _text()},
            "required": ["type", "message"],
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_NAMED: Final[dict[str, Schema]] = {
    "name": _text(),
    "tags": {"type": "array", "items": _text()},
    "lease": {
        "type": ["object", "null"],
        "properties": {"ttl_s": _NUMBER, "left_s": {"type": ["number", "null"]}},
        "required": ["ttl_s", "left_s"],
    },
}

FORMS: Final[dict[str, Schema]] = {
    "Value": {"description": "Any value; those that JSON lacks are objects with one $ member."},
    "Bytes": _form("$bytes", _text(contentEncoding="base64", pattern=_BASE64), "bytes"),
    "Datetime": _form("$datetime", _text(), "A date and time of ISO 8601, with or without an offset."),
    "Date": _form("$date", _text(format="date"), "A date of ISO 8601."),
    "Time": _form("$time", _text(), "A time of ISO 8601, with or without an offset."),
    "Timedelta": _form("$timedelta", _NUMBER, "A duration in seconds."),
    "Decimal": _form("$decimal", _text(format="decimal"), "A decimal number."),
    "Uuid": _form("$uuid", _text(format="uuid"), "A UUID."),
    "Float": _form("$float", {"enum": ["nan", "inf", "-inf"]}, "A number that JSON lacks."),
    "Set": _form("$set", _ITEMS, "A set."),
    "Tuple": _form("$tuple", _ITEMS, "A tuple."),
    "Arguments": {
        "type": "object",
        "properties": {"args": _ITEMS, "kwargs": {"type": "object", "additionalProperties": _ANY}},
        "additionalProperties": False,
    },
    "Problem": _PROBLEM,
    "Event": {
        "type": "object",
        "description": "A server-sent event; data is JSON.",
        "properties": {
            "event": {"enum": ["item", "end", "problem", "result", "sent"]},
            "data": _text(contentMediaType="application/json"),
            "id": _text(),
        },
        "required": ["event", "data"],
    },
    "Objects": {
        "type": "object",
        "properties": {
            "objects": {
                "type": "array",
                "items": {"type": "object", "properties": _NAMED, "required": list(_NAMED)},
            }
        },
        "required": ["objects"],
    },
    "Object": {
        "type": "object",
        "properties": {
            **_NAMED,
            "class": _text(),
            "doc": _text(),
            "methods": {"type": "array", "items": {"type": "object"}},
            "attributes": {"type": "array", "items": {"type": "object"}},
            "protocol": {"type": ["integer", "null"]},
        },
        "required": [*_NAMED, "class", "doc", "methods", "attributes", "protocol"],
    },
    "Ping": {
        "type": "object",
        "properties": {
            "up": {"type": "boolean"},
            "milliseconds": {"type": ["number", "null"]},
            "detail": _text(),
        },
        "required": ["up", "milliseconds", "detail"],
    },
}
