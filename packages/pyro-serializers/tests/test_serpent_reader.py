"""The reader against Python's own literal parser, which stock peers use: the same values, never looser."""

import ast
import collections
import math
from typing import Any

import pytest
import serpent
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pyro_core.convert import ClassRules
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import as_call
from pyro_serializers.serpent import SerpentSerializer
from pyro_serializers.serpent_reader import HEADER

READER = SerpentSerializer(ClassRules().for_version(502))
REFUSED = object()


def read(literal: str) -> Any:
    return READER.decode_value((HEADER + literal).encode())


def outcome(literal: str) -> Any:
    try:
        return read(literal)
    except (SerializeError, SecurityError):
        return REFUSED


def wanted(literal: str) -> Any:
    """What the parser of stock peers makes of it."""
    if "\0" in literal:
        return REFUSED
    try:
        return ast.literal_eval(HEADER + literal)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return REFUSED


def same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float | complex):
        return repr(left) == repr(right)
    if isinstance(left, dict):
        pairs = zip(left.items(), right.items(), strict=True)
        return len(left) == len(right) and all(same(a, b) and same(x, y) for (a, x), (b, y) in pairs)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


TOKENS = [
    *"()[]{},:-+. \n\t'\"#\\*x\ufeff",
    *["True", "False", "None", "true", "nan", "e", "E5", "0", "1", "07", "2.5", "1e400", ".5", "5.", "1_0"],
    *["0x1f", "3j", "1+2j", "(1,)", "()", "{}", "[]", "{'a':1}", "set()", "...", "if", "lambda:0"],
    *["'a'", '"b"', "''", '""', "'it\\'s'", '"it\'s"', "'say \"x\"'", "'''long'''", "f'{1}'"],
    *["'\\n'", "'\\x00'", "'\\ud800'", "'\\U0001f600'", "'\\N{BULLET}'", "'\\\\'", "'\\\n'"],
    *["b'x'", "u'x'", "r'x'", "# note\n", "'smörgås'", "'\u2028'", "'\x7f'", "'\t'"],
]


MARKS = [*"()[]{},:'\"\\-. 0", "", "),(", "]}", "[)", "\\u0000", "True", "null"]


@given(st.lists(st.sampled_from(TOKENS), max_size=9).map("".join))
@example("(1)")
@example("(,)")
@example("[1)")
@example("(1,2]}")
@example("{'a':[1)")
@example("[(1,2]},{'a':[1)]")
@example("(1,2],'x':[3)")
@example("(]}")
@example("('a',)")
@example("(1,2,)")
@example("1(2)")
@example("[1][0]")
@example("'a' 'b'")
@example("{'a':1}(2)")
@example("('\\x00',)")
@example("{'\\x00t':[1,2]}")
@example("['\\x00']")
@example("{'a':1,'a':2}")
@example("1+2")
@example("-1")
@example("--1")
@example("- 1")
@settings(max_examples=2000)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_any_text_gives_what_the_parser_gives_or_is_refused_like_there(literal: str) -> None:
    got, right = outcome(literal), wanted(literal)
    assert (got is REFUSED) == (right is REFUSED), (literal, got, right)
    assert got is REFUSED or same(got, right), (literal, got, right)


@given(
    st.lists(st.sampled_from([*TOKENS, "),{})", "('o','m',("]), max_size=7).map("".join),
    st.sampled_from(["'m'", '"m"', "'\\n'", "'a' 'b'", "5", ""]),
    st.sampled_from(["{}", "{'k':1}", "None", "{1:2}", "{},", "()"]),
)
@example("(1)", "'m'", "{}")
@example("1", "'m'", "{}")
@example("1,", "'m'", "{}")
@example(",", "'m'", "{}")
@example("1),(2", "'m'", "{}")
@example("1),{}),('o','m',(2", "'m'", "{}")
@example("'),{})'", "'m'", "{}")
@example("'a','it\"s',',','','b',", "'m'", "{}")
@example("'a','b\tc'", "'m'", "{}")
@example("'a','b\nc'", "'m'", "{}")
@example("',','", "'m'", "{}")
@example("'a''b',", "'m'", "{}")
@example("'''a''',", "'m'", "{}")
@example("'a'", "'m'", "{}")
@example("'", "'m'", "{}")
@settings(max_examples=1000)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_any_call_means_what_the_parser_makes_of_it(inside: str, method: str, kwargs: str) -> None:
    literal = f"('obj',{method},({inside}),{kwargs})"
    try:
        got = READER.decode_call((HEADER + literal).encode())
    except (SerializeError, SecurityError):
        got = REFUSED
    try:
        right = as_call(wanted(literal), "serpent")
    except SerializeError:
        right = REFUSED
    assert (got is REFUSED) == (right is REFUSED), (literal, got, right)
    assert got is REFUSED or same(tuple(got), tuple(right)), (literal, got, right)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
KEYS = st.one_of(st.text(), st.integers(), st.tuples(st.text(), st.integers()))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(KEYS, inner), st.sets(KEYS, min_size=1)
    ),
    max_leaves=25,
)


@given(VALUES)
@settings(max_examples=300)
def test_what_the_library_writes_is_read(value: Any) -> None:
    assert same(READER.decode_value(serpent.dumps(value)), value)
    assert READER.decode_value(serpent.dumps(value, indent=True)) == value


@given(VALUES, st.lists(st.tuples(st.integers(0), st.sampled_from(MARKS), st.booleans()), max_size=3))
@settings(max_examples=1000)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_what_the_library_writes_is_read_or_refused_with_marks_changed(
    value: Any, changes: list[tuple[int, str, bool]]
) -> None:
    literal = serpent.dumps(value).decode().removeprefix(HEADER)
    for number, mark, replaces in changes:
        places = [place for place, character in enumerate(literal) if character in "()[]{},:'\"\\"] or [0]
        place = places[number % len(places)]
        literal = literal[:place] + mark + literal[place + replaces :]
    got, right = outcome(literal), wanted(literal)
    assert (got is REFUSED) == (right is REFUSED), (literal, got, right)
    assert got is REFUSED or same(got, right), (literal, got, right)


@given(VALUES)
@settings(deadline=None)
def test_ordinary_spacing_is_read(value: Any) -> None:
    assume("inf" not in repr(value))  # which is no literal
    assert same(read(repr(value)), value)


def test_the_header_is_not_needed() -> None:
    assert READER.decode_value(b"{'a':(1,)}") == {"a": (1,)}


@pytest.mark.parametrize("width", [1, 400])
@pytest.mark.parametrize("brackets", ["[]", "()", "{}"])
def test_depth_is_limited_where_the_parser_limits_it(brackets: str, width: int) -> None:
    start, end = (brackets[0], brackets[1]) if brackets != "{}" else ("{'k':", "}")
    if brackets == "()":
        end = ",)"
    filler = ",".join(["[1]"] * width)
    for levels in (10, 150, *range(185, 203), 5000):
        literal = f"[{start * levels}0{end * levels},{filler}]"
        assert (outcome(literal) is REFUSED) == (wanted(literal) is REFUSED), levels
        call = f"('o','m',({literal},),{{}})"
        try:
            got = READER.decode_call((HEADER + call).encode())
        except SerializeError:
            got = REFUSED
        assert (got is REFUSED) == (wanted(call) is REFUSED), levels


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("{'data': 'AP8=', 'encoding': 'base64'}", b"\x00\xff"),
        ("{'data':'','encoding':'base64'}", b""),
        ("[{'encoding':'base64','data':'AQ=='}]", [b"\x01"]),
        ("{1:{'data':'AQ==','encoding':'base64'}}", {1: b"\x01"}),
        ("{'data':'AQ==','encoding':'utf-8'}", {"data": "AQ==", "encoding": "utf-8"}),
        ("{'data':'not base64!','encoding':'base64'}", {"data": "not base64!", "encoding": "base64"}),
        ("{'data':5,'encoding':'base64'}", {"data": 5, "encoding": "base64"}),
        ("{'data':'AQ==','encoding':'base64','more':1}", {"data": "AQ==", "encoding": "base64", "more": 1}),
        ("b'literal'", b"literal"),
        ("1e30000", math.inf),
        ("-1e30000", -math.inf),
        (
            "{'__class__':'collections.OrderedDict','items':[('b',1),('a',2)]}",
            collections.OrderedDict(b=1, a=2),
        ),
        ("{'__class__':'complex','real':1.0,'imag':2.0}", 1 + 2j),
    ],
)
def test_values_in_disguise_are_revived(literal: str, value: Any) -> None:
    got = read(literal)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    "literal", ["{'__class__':'float','value':'nan'}", "{1:{'__class__':'float','value':'nan'}}"]
)
def test_nan_is_revived(literal: str) -> None:
    got = read(literal)
    assert math.isnan(got[1] if isinstance(got, dict) else got)


def test_the_library_form_of_complex_nan_is_revived() -> None:
    value = READER.decode_value(serpent.dumps(complex(math.nan, 1.0)))
    assert math.isnan(value.real)
    assert value.imag == 1.0


@pytest.mark.parametrize(
    "literal",
    [
        "{'__class__':'float','value':'text'}",
        "{'__class__':'float'}",
        "{'__class__':'complex','real':'x','imag':None}",
        "{'__class__':'collections.OrderedDict','items':5}",
        "{'__class__':'shop.Item'}",
    ],
)
def test_a_broken_object_is_refused(literal: str) -> None:
    with pytest.raises(SerializeError):
        read(literal)


def test_a_suspicious_class_name_is_refused_for_security() -> None:
    for literal in ("{'__class__':'os.__builtins__'}", "{1:{'__class__':'os.__builtins__'}}"):
        with pytest.raises(SecurityError):
            read(literal)


@pytest.mark.parametrize("literal", ["{'x':1}", "{1:2}"])
def test_an_error_of_a_rule_is_told_once_and_as_ours(literal: str) -> None:
    calls = []

    def rule(tag: str, wire: dict[str, Any]) -> Any:
        calls.append(tag)
        raise ValueError("no good")

    rules = ClassRules()
    rules.register_dict_to_class("shop.Item", rule)
    serializer = SerpentSerializer(rules.for_version(502))
    with pytest.raises(SerializeError, match="no good"):
        serializer.decode_value((HEADER + literal[:-1] + ",'__class__':'shop.Item'}").encode())
    assert calls == ["shop.Item"]


def test_c7_usual_data_needs_no_syntax_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what takes 30 to 150 times as long as other formats."""

    def refuse(tree: Any) -> Any:
        raise AssertionError(f"a syntax tree was made: {tree!r:.80}")

    monkeypatch.setattr("pyro_serializers.serpent_reader.ast.literal_eval", refuse)
    records = [{"name": f"it's {number}", "size": number, "at": (1.5, None)} for number in range(1000)]
    for value in (records, [number / 7 for number in range(100_000)]):
        assert same(READER.decode_value(READER.encode_value(value)), value)
    assert (
        READER.decode_call(READER.encode_call("object", "method", (records,), {"option": 1.5})).args[0]
        == records
    )


@pytest.mark.parametrize("literal", ["1if 2else 3", "0x1for x in y", "[1and 2]", "1.if 1else 0"])
def test_nonsense_makes_the_parser_say_nothing(literal: str, recwarn: pytest.WarningsRecorder) -> None:
    assert outcome(literal) is REFUSED
    assert not recwarn.list
