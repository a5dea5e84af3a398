"""Calls, their arguments and results, and what is refused."""

import pytest

from behaviour.clients import Client
from pyro_core.errors import DaemonError, PyroError, RemoteError, SerializeError

VALUE = {"a": [1, 2.5, True, None], "b": "h\xe9\u20ac", "c": {"d": -(2**40)}}
MEGABYTE = 1 << 20


async def test_plain_values_arrive_as_they_were(client: Client) -> None:
    assert await client.call("add", 2, 3) == 5
    assert await client.call("echo", VALUE) == VALUE


async def test_arguments_may_be_named_and_any_number(client: Client) -> None:
    assert await client.call("add", 2, b=5) == 7
    assert await client.call("add", 2) == 3
    assert await client.call("words", 1, "two", three=3, four=[4]) == [1, ["two"], {"three": 3, "four": [4]}]


async def test_nothing_is_none(client: Client) -> None:
    assert await client.call("nothing") is None
    assert await client.call("echo", None) is None


async def test_a_megabyte_of_text(client: Client) -> None:
    text = "0123456789abcde\u20ac" * (MEGABYTE // 16)
    assert await client.call("echo", text) == text


async def test_a_megabyte_of_bytes(client: Client) -> None:
    data = bytes(range(256)) * (MEGABYTE // 256)
    assert await client.call("echo", data) == data


async def test_wrong_arguments_are_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError):
        await client.call("add")
    assert await client.call("add", 1) == 2


async def test_a_known_exception_arrives_with_its_traceback(client: Client) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        await client.call("divide", 1, 0)
    assert "return a // b" in "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
    assert await client.call("add", 1) == 2


async def test_an_exception_keeps_its_attributes(client: Client) -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        await client.call("fail_with_attribute")
    assert caught.value.args == ("bad", 42)
    assert caught.value.extra == "attached"  # type: ignore[attr-defined]


async def test_an_unknown_exception_keeps_its_name_and_the_connection(client: Client) -> None:
    with pytest.raises(RemoteError, match=r"OutOfPaper: tray 2 is empty"):
        await client.call("fail_with_own_class")
    assert client.proxy._pyro.connected
    assert await client.call("add", 1) == 2


async def test_system_exit_in_a_method_is_an_answer(client: Client) -> None:
    with pytest.raises(RemoteError, match="SystemExit"):
        await client.call("leave")
    assert await client.call("add", 1) == 2


async def test_an_argument_that_cannot_travel_harms_nothing(client: Client) -> None:
    with pytest.raises(SerializeError):
        await client.call("echo", object())
    assert client.proxy._pyro.connected
    assert await client.call("add", 1) == 2


async def test_a_result_that_cannot_travel_is_an_error(client: Client) -> None:
    with pytest.raises((PyroError, TypeError, ValueError)):
        await client.call("unsendable")
    assert await client.call("add", 1) == 2


async def test_attributes_are_read_and_written(client: Client) -> None:
    await client.bind()
    assert await client.get("value") == 17
    await client.set("value", [1, 2])
    assert await client.get("value") == [1, 2]
    await client.set("value", 17)


async def test_an_attribute_without_a_setter_cannot_be_written(client: Client) -> None:
    assert await client.get("maker") == "us"
    with pytest.raises(AttributeError):
        await client.set("maker", "them")
    assert await client.get("maker") == "us"


async def test_reading_an_attribute_can_fail_like_a_call(client: Client) -> None:
    with pytest.raises(LookupError, match="no value"):
        await client.get("broken")


async def test_names_that_are_not_exposed_are_refused(client: Client) -> None:
    for name in ("teleport", "hidden", "_private", "__init__", "__class__"):
        with pytest.raises(AttributeError):
            await client.invoke(name)
        with pytest.raises(AttributeError):
            await client.control("get", name)
    assert await client.call("add", 1) == 2


async def test_an_unknown_object_is_refused(client: Client) -> None:
    async with client.another("nobody") as other:
        with pytest.raises(PyroError, match="unknown object"):
            await other.call("add", 1)


async def test_the_name_of_a_control_can_be_a_method(client: Client) -> None:
    assert await client.call("ping") == "pong"


async def test_async_methods_are_called_like_any(client: Client) -> None:
    assert await client.call("async_add", 2, 3) == 5
    with pytest.raises(LookupError, match="after a while"):
        await client.call("async_fail")


async def test_the_daemon_is_an_object_too(client: Client) -> None:
    async with client.another("Pyro.Daemon") as daemon:
        assert "subject" in await daemon.call("registered")
        assert await daemon.call("ping") is None


async def test_errors_of_the_daemon_keep_their_class(client: Client) -> None:
    async with client.another("Pyro.Daemon") as daemon:
        with pytest.raises((DaemonError, PyroError)):
            await daemon.call("get_metadata", "nobody")
