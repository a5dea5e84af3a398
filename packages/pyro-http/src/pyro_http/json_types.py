"""Types of values in JSON: each has a schema, and knows which values it takes."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyro_http.json_values import (
    BadValue,
    convert_text,
    escaped,
    from_json,
    seconds,
    special_float,
)

Schema = dict[str, Any]


def reference(name: str) -> Schema:
    """The schema of one of the forms, which ``openapi`` defines."""
    return {"$ref": f"#/components/schemas/{name}"}


class JsonType:
    """Any value at all; base of those that are more particular."""

    def taken_schema(self) -> Schema:
        """What is taken as an argument."""
        return reference("Value")

    def given_schema(self) -> Schema:
        """What is given as a result."""
        return self.taken_schema()

    def take(self, value: Any, pointer: str) -> Any:
        """The Python value of a JSON value.

        Raises:
            BadValue: If it is of another type.
        """
        return from_json(value, pointer)


ANYTHING: Final = JsonType()


class Plain(JsonType):
    """A type that JSON has, too."""

    def __init__(self, kind: type, name: str, what: str) -> None:
        self._kind = kind
        self._name = name
        self._what = what

    def taken_schema(self) -> Schema:
        return {"type": self._name}

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is not self._kind:
            raise BadValue(pointer, f"expected {self._what}")
        return value


class Whole(Plain):
    """``int``; also written as ``5.0``, which JSON does not tell from ``5``."""

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is float and value.is_integer():
            return int(value)
        return super().take(value, pointer)


class Float(JsonType):
    """``float``."""

    def taken_schema(self) -> Schema:
        return {"anyOf": [{"type": "number"}, reference("Float")]}

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is dict and value.keys() == {"$float"}:
            return convert_text(special_float, value["$float"], f"{pointer}/$float", "nan, inf or -inf")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValue(pointer, "expected a number")
        try:
            return float(value)
        except OverflowError as problem:
            raise BadValue(pointer, "expected a number that a float can hold") from problem


class Written(JsonType):
    """A type with a form of its own; where it is expected, the text inside the form is enough.

    Args:
        form: The member of the form, such as ``$date``.
        name: Of its schema.
        convert: Makes the value from its text.
        what: What is expected, for errors.
        text_format: Of the bare text, in the schema; empty if bare text is not taken.
    """

    def __init__(
        self, form: str, name: str, convert: Callable[[str], Any], what: str, text_format: str = ""
    ) -> None:
        self._form = form
        self._name = name
        self._convert = convert
        self._what = what
        self._format = text_format

    def taken_schema(self) -> Schema:
        if not self._format:
            return reference(self._name)
        return {"anyOf": [{"type": "string", "format": self._format}, reference(self._name)]}

    def given_schema(self) -> Schema:
        return reference(self._name)

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is dict and value.keys() == {self._form}:
            return convert_text(
                self._convert, value[self._form], f"{pointer}/{escaped(self._form)}", self._what
            )
        if self._format and isinstance(value, str):
            return convert_text(self._convert, value, pointer, self._what)
        raise BadValue(pointer, f'expected {{"{self._form}": {self._what}}}')


class Duration(JsonType):
    """``timedelta``."""

    def taken_schema(self) -> Schema:
        limits = {"minimum": -86399999913600, "maximum": 86399999999999}
        return {"anyOf": [{"type": "number", **limits}, reference("Timedelta")]}

    def given_schema(self) -> Schema:
        return reference("Timedelta")

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is dict and value.keys() == {"$timedelta"}:
            return seconds(value["$timedelta"], f"{pointer}/$timedelta")
        return seconds(value, pointer)


class ListOf(JsonType):
    """A sequence."""

    def __init__(self, item: JsonType = ANYTHING) -> None:
        self._item = item

    def taken_schema(self) -> Schema:
        return {"type": "array", "items": self._item.taken_schema()}

    def given_schema(self) -> Schema:
        return {"type": "array", "items": self._item.given_schema()}

    def take(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, list):
            raise BadValue(pointer, "expected an array")
        return [self._item.take(item, f"{pointer}/{number}") for number, item in enumerate(value)]


class InForm(JsonType):
    """A collection with a form of its own, for which a bare array is taken as well.

    Args:
        form: The member of the form.
        array: What the array holds.
        make: Makes the collection from a list.
    """

    def __init__(self, form: str, array: JsonType, make: Callable[[list[Any], str], Any]) -> None:
        self._form = form
        self._array = array
        self._make = make

    def taken_schema(self) -> Schema:
        return {"anyOf": [self._array.taken_schema(), self._formed(self._array.taken_schema())]}

    def given_schema(self) -> Schema:
        return self._formed(self._array.given_schema())

    def _formed(self, array: Schema) -> Schema:
        return {
            "type": "object",
            "properties": {self._form: array},
            "required": [self._form],
            "additionalProperties": False,
        }

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is dict and value.keys() == {self._form}:
            value, pointer = value[self._form], f"{pointer}/{self._form}"
        return self._make(self._array.take(value, pointer), pointer)


class FixedArray(JsonType):
    """What a tuple of given length holds."""

    def __init__(self, items: Sequence[JsonType]) -> None:
        self._items = tuple(items)

    def taken_schema(self) -> Schema:
        return self._schema([item.taken_schema() for item in self._items])

    def given_schema(self) -> Schema:
        return self._schema([item.given_schema() for item in self._items])

    def _schema(self, items: list[Schema]) -> Schema:
        size = {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", **({"prefixItems": items} if items else {}), **size}

    def take(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, list) or len(value) != len(self._items):
            raise BadValue(pointer, f"expected an array of {len(self._items)}")
        pairs = zip(self._items, value, strict=True)
        return [kind.take(item, f"{pointer}/{number}") for number, (kind, item) in enumerate(pairs)]


class TextKeyed(JsonType):
    """A dict whose keys are texts."""

    def __init__(self, item: JsonType = ANYTHING) -> None:
        self._item = item

    def taken_schema(self) -> Schema:
        # A name that begins with $ is for forms; those have one member, and nobody needs more of them.
        return {
            "type": "object",
            "additionalProperties": self._item.taken_schema(),
            "propertyNames": {"pattern": "^(?!\\$)"},
        }

    def given_schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self._item.given_schema()}

    def take(self, value: Any, pointer: str) -> Any:
        if type(value) is dict and value.keys() == {"$dict"}:
            return from_json(value, pointer)
        if not isinstance(value, dict):
            raise BadValue(pointer, "expected an object")
        for key in value:
            if key.startswith("$"):
                where = f"{pointer}/{escaped(key)}"
                raise BadValue(where, 'expected a name without $; with one, write {"$dict": [[name, value]]}')
        return {key: self._item.take(item, f"{pointer}/{escaped(key)}") for key, item in value.items()}


class OneOf(JsonType):
    """A union: the first type that takes a value counts."""

    def __init__(self, kinds: Sequence[JsonType]) -> None:
        self._kinds = tuple(kinds)

    def taken_schema(self) -> Schema:
        return {"anyOf": [kind.taken_schema() for kind in self._kinds]}

    def given_schema(self) -> Schema:
        return {"anyOf": [kind.given_schema() for kind in self._kinds]}

    def take(self, value: Any, pointer: str) -> Any:
        problems = []
        for kind in self._kinds:
            try:
                return kind.take(value, pointer)
            except BadValue as problem:
                problems.append(problem.finding)
        inner = [finding for finding in problems if finding.pointer != pointer]
        if len(inner) == 1:  # it is of that type, but for a part of it
            raise BadValue(*inner[0])
        details = [finding.detail.removeprefix("expected ") for finding in problems]
        raise BadValue(pointer, f"expected {', or '.join(details)}")


class Choice(JsonType):
    """``Literal``."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = tuple(values)

    def taken_schema(self) -> Schema:
        return {"enum": list(self._values)}

    def take(self, value: Any, pointer: str) -> Any:
        for known in self._values:
            if type(known) is type(value) and known == value:
                return value
        raise BadValue(pointer, f"expected one of {', '.join(map(repr, self._values))}")
