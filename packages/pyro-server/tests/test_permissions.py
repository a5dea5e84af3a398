"""What a table of permissions allows."""

import pytest

from pyro_core.identity import ANONYMOUS, Access, Principal
from pyro_server import AllowMethods

TABLE = AllowMethods(
    {
        "*": {"till": ["total"]},
        "anna": {"shop.*": ["get*", "price", "price="], "all": ["*"], "none": []},
        "role:staff": {"till": ["close"], "[ab]": ["?"]},
        "role:boss": {"*": ["*"]},
    }
)
ANNA = Principal("anna", "token")
STAFF = Principal("ben", "token", frozenset({"staff"}))


@pytest.mark.parametrize(
    ("principal", "access", "object_id", "name", "allowed"),
    [
        (ANONYMOUS, "call", "till", "total", True),
        (ANONYMOUS, "call", "till", "close", False),
        (ANONYMOUS, "call", "Till", "total", False),
        (ANONYMOUS, "describe", "till", "", True),
        (ANONYMOUS, "describe", "shop.x", "", False),
        (ANNA, "call", "till", "total", True),
        (ANNA, "call", "shop.x", "getter", True),
        (ANNA, "get", "shop.x", "price", True),
        (ANNA, "set", "shop.x", "price", True),
        (ANNA, "set", "shop.x", "getter", False),  # reading does not mean writing
        (ANNA, "call", "shop.x", "set", False),
        (ANNA, "call", "shop", "get", False),
        (ANNA, "set", "all", "x", True),
        (ANNA, "describe", "none", "", False),
        (STAFF, "call", "till", "close", True),
        (STAFF, "call", "a", "x", True),
        (STAFF, "call", "a", "xy", False),
        (STAFF, "call", "c", "x", False),
        (Principal("x", "unix", frozenset({"boss"})), "set", "anything", "x", True),
        (Principal("role:boss", "token"), "call", "anything", "x", False),  # a name is no role
        (Principal("boss", "token"), "call", "anything", "x", False),
        (Principal("x", "token", frozenset({"anna"})), "call", "shop.x", "get", False),  # nor the other way
    ],
)
def test_what_is_listed_is_allowed_and_nothing_else(
    principal: Principal, access: Access, object_id: str, name: str, allowed: bool
) -> None:
    decision = TABLE.authorize(principal, object_id, name, access)
    assert decision.allowed is allowed
    assert decision.lasting is allowed


def test_the_reason_says_what_to_do() -> None:
    assert "say who you are" in TABLE.authorize(ANONYMOUS, "x", "y", "call").reason
    assert "ask the operator" in TABLE.authorize(ANNA, "x", "y", "call").reason


def test_one_text_for_several_names_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"like \['total'\]"):
        AllowMethods({"*": {"till": "total"}})
