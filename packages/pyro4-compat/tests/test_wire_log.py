"""F17: with LOGWIRE, every message is in the log of both sides."""

import logging

import pytest

import Pyro4


@Pyro4.expose
class Adder:
    def add(self, a: int, b: int) -> int:
        return a + b


@pytest.mark.parametrize("key", [None, b"key"], ids=["plain", "signed"])
def test_messages_are_logged_where_it_is_wanted(key: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "Pyro4.wire")
    with Pyro4.Daemon() as daemon:
        daemon._pyroHmacKey = key
        uri = daemon.register(Adder())
        daemon.start()
        with Pyro4.Proxy(uri) as proxy:
            proxy._pyroHmacKey = key
            assert proxy.add(1, 2) == 3
        assert not caplog.messages
        Pyro4.config.LOGWIRE = True
        with Pyro4.Proxy(uri) as proxy:
            proxy._pyroHmacKey = key
            assert proxy.add(3, 4) == 7
            assert proxy.add(4, 4) == 8
    calls = [text for text in caplog.messages if "(INVOKE)" in text]
    answers = [text for text in caplog.messages if "(RESULT)" in text]
    assert [text.split(":")[0] for text in calls] == ["sent", "received"] * 2
    assert [text.split(":")[0] for text in answers] == ["sent", "received"] * 2
    assert "type=4 (INVOKE) flags=0x0 ser=1 seq=1 corr=None annotations={" in calls[0]
    assert "'add',(3,4),{}" in calls[1]
