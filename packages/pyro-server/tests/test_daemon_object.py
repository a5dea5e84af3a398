from typing import Any

import pytest

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


def test_metadata_of_the_daemon_itself_lists_what_stock_clients_use(client: Any) -> None:
    found = client.ask_daemon("get_metadata", DAEMON_ID, True)
    assert found == {
        "methods": [
            "close_stream",
            "get_metadata",
            "get_next_stream_item",
            "info",
            "ping",
            "registered",
        ],
        "oneway": ["close_stream"],
        "attrs": [],
    }
