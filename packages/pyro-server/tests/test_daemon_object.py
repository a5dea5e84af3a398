from typing import Any

import pytest

from pyro_core.descriptions import ClassDescription
from pyro_core.errors import DaemonError
from pyro_core.names import DAEMON_ID


def test_the_daemon_tells_what_it_serves(client: Any) -> None:
    assert client.ask_daemon("ping") is None
    assert set(client.ask_daemon("registered")) == {DAEMON_ID, "thing"}
    info = client.ask_daemon("info")
    assert client.daemon.location in info
    assert "2 objects registered" in info
    assert "threaded" in info


def test_metadata_of_an_object_in_sets_or_lists(client: Any) -> None:
    for arguments in (("thing",), ("thing", True)):
        found = client.ask_daemon("get_metadata", *arguments)
        assert {"add", "fail"} <= set(found["methods"])
        assert set(found["oneway"]) == {"note_oneway"}
        assert set(found["attrs"]) == {"value", "streamed"}
    by_name = client.invoke("get_metadata", (), {"objectId": "thing", "as_lists": True}, object_id=DAEMON_ID)
    assert client.value(by_name) == found
    with pytest.raises(DaemonError, match="unknown object"):
        client.ask_daemon("get_metadata", "nope")


def test_metadata_of_the_daemon_itself_lists_what_clients_use(client: Any) -> None:
    found = client.ask_daemon("get_metadata", DAEMON_ID, True)
    assert found == {
        "methods": [
            "close_stream",
            "describe_members",
            "get_metadata",
            "get_next_stream_item",
            "health",
            "info",
            "ping",
            "registered",
        ],
        "oneway": ["close_stream"],
        "attrs": [],
    }


def test_members_are_described_with_signatures_and_docs(client: Any) -> None:
    found = ClassDescription.from_wire(client.ask_daemon("describe_members", "thing"))
    assert found.name == "Thing"
    assert found.methods["add"].returns == "int"
    assert found.methods["note_oneway"].kind == "oneway"
    assert found.methods["items"].kind == "generator"
    assert set(found.methods) == set(client.ask_daemon("get_metadata", "thing")["methods"])
    assert found.attributes["value"].writable
    with pytest.raises(DaemonError, match="unknown object"):
        client.ask_daemon("describe_members", "nope")


def test_a_class_is_described_once(client: Any) -> None:
    client.ask_daemon("describe_members", "thing")
    members = client.daemon._host.dispatcher.entry("thing").members
    before = members.description
    client.ask_daemon("describe_members", "thing")
    assert members.description is before
