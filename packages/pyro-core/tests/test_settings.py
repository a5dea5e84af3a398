import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import PyroError, SettingsError
from pyro_core.settings import TLS, ClientSettings, Limits, NameServerSettings, ServerSettings, Timeouts

CLASSES = (ClientSettings, ServerSettings, NameServerSettings)
Settings = ClientSettings | ServerSettings | NameServerSettings


def value_of(settings: Any, path: str) -> Any:
    for name in path.split("."):
        settings = getattr(settings, name)
    return settings


@pytest.mark.parametrize("cls", CLASSES)
def test_an_empty_environment_gives_the_defaults(cls: type[Settings]) -> None:
    assert cls.from_environ({}) == cls()


@pytest.mark.parametrize(
    ("cls", "variable", "text", "name", "value"),
    [
        (ClientSettings, "PYRO_SERIALIZER", " json ", "serializer", "json"),
        (ClientSettings, "PYRO_COMPRESSION", "yes", "compression", True),
        (ClientSettings, "PYRO_MAX_RETRIES", "0", "max_retries", 0),
        (ClientSettings, "PYRO_MAX_RETRIES", "3", "max_retries", 3),
        (ClientSettings, "PYRO_NS_HOST", "names.lan", "ns_host", "names.lan"),
        (ClientSettings, "PYRO_NS_PORT", "10000", "ns_port", 10000),
        (ClientSettings, "PYRO_NS_BCPORT", "10001", "ns_broadcast_port", 10001),
        (ClientSettings, "PYRO_NS_TOKEN", "secret", "ns_token", "secret"),
        (ClientSettings, "PYRO_TOKEN", "secret", "token", "secret"),
        (ClientSettings, "PYRO_NS_CACHE", "no", "ns_cache", False),
        (ClientSettings, "PYRO_NS_MDNS", "yes", "mdns", True),
        (
            ClientSettings,
            "PYRO_BROADCAST_ADDRS",
            "<broadcast>, 10.0.0.255,",
            "broadcast_addresses",
            ("<broadcast>", "10.0.0.255"),
        ),
        (ClientSettings, "PYRO_SOCK_NODELAY", "off", "nodelay", False),
        (ClientSettings, "PYRO_PREFER_IP_VERSION", "6", "prefer_ip_version", 6),
        (ClientSettings, "PYRO_OBSERVERS", "accesslog, prometheus", "observers", ("accesslog", "prometheus")),
        (ClientSettings, "PYRO_OBSERVERS", "", "observers", ()),
        (ClientSettings, "PYRO_COMMTIMEOUT", "2.5", "timeouts.call_s", 2.5),
        (ClientSettings, "PYRO_COMMTIMEOUT", "0.0", "timeouts.call_s", None),
        (ClientSettings, "PYRO_MAX_MESSAGE_SIZE", "1000", "limits.max_message_bytes", 1000),
        (ClientSettings, "PYRO_MAX_MESSAGE_SIZE", "0", "limits.max_message_bytes", 256 * 1024**2),
        (ServerSettings, "PYRO_HOST", "0.0.0.0", "host", "0.0.0.0"),
        (ServerSettings, "PYRO_HOST", "", "host", ""),
        (ServerSettings, "PYRO_NATHOST", "outside.example", "nathost", "outside.example"),
        (ServerSettings, "PYRO_NATHOST", "", "nathost", None),
        (ServerSettings, "PYRO_NATPORT", "5555", "natport", 5555),
        (ServerSettings, "PYRO_SERVERTYPE", "thread", "servertype", "threaded"),
        (ServerSettings, "PYRO_SERVERTYPE", "multiplex", "servertype", "multiplex"),
        (ServerSettings, "PYRO_EVENT_LOOP", "uvloop", "event_loop", "uvloop"),
        (ServerSettings, "PYRO_SERIALIZERS_ACCEPTED", "serpent, json ,", "serializers", ("serpent", "json")),
        (ServerSettings, "PYRO_PROCESSES", "3", "processes", 3),
        (ServerSettings, "PYRO_THREADPOOL_SIZE", "200", "threads", 200),
        (ServerSettings, "PYRO_THREADPOOL_SIZE_MIN", "0", "min_threads", 0),
        (ServerSettings, "PYRO_ITER_STREAMING", "0", "streaming", False),
        (ServerSettings, "PYRO_ITER_STREAM_LIFETIME", "60", "stream_lifetime_s", 60.0),
        (ServerSettings, "PYRO_ITER_STREAM_LINGER", "0", "stream_linger_s", 0.0),
        (ServerSettings, "PYRO_COMPRESSION", "TRUE", "compression", True),
        (ServerSettings, "PYRO_DETAILED_TRACEBACK", "on", "detailed_traceback", True),
        (
            ServerSettings,
            "PYRO_TRACEBACK_MODULES",
            "shop,stock.parts",
            "traceback_modules",
            ("shop", "stock.parts"),
        ),
        (ServerSettings, "PYRO_SOCK_NODELAY", "no", "nodelay", False),
        (ServerSettings, "PYRO_SOCK_REUSE", "false", "reuse_address", False),
        (ServerSettings, "PYRO_PREFER_IP_VERSION", "4", "prefer_ip_version", 4),
        (ServerSettings, "PYRO_OBSERVERS", "accesslog", "observers", ("accesslog",)),
        (ServerSettings, "PYRO_COMMTIMEOUT", "30", "timeouts.idle_s", 30.0),
        (ServerSettings, "PYRO_TOKENS_FILE", "/etc/tokens.toml", "tokens_file", "/etc/tokens.toml"),
        (ServerSettings, "PYRO_ALLOW_ANONYMOUS", "1", "allow_anonymous", True),
        (ServerSettings, "PYRO_MAX_MESSAGE_SIZE", "1", "limits.max_message_bytes", 1),
        (NameServerSettings, "PYRO_HOST", "::", "host", "::"),
        (NameServerSettings, "PYRO_NS_PORT", "0", "port", 0),
        (NameServerSettings, "PYRO_NATHOST", "n", "nathost", "n"),
        (NameServerSettings, "PYRO_NATPORT", "1", "natport", 1),
        (NameServerSettings, "PYRO_NS_BCHOST", "10.0.0.1", "broadcast_host", "10.0.0.1"),
        (NameServerSettings, "PYRO_NS_BCPORT", "1", "broadcast_port", 1),
        (NameServerSettings, "PYRO_NS_AUTOCLEAN", "3.5", "autoclean_s", 3.5),
        (NameServerSettings, "PYRO_NS_BROADCAST", "off", "broadcast", False),
        (NameServerSettings, "PYRO_NS_STORAGE", "sqlite:names", "storage", "sqlite:names"),
        (NameServerSettings, "PYRO_NS_ADMIN", "9100", "admin", "9100"),
        (NameServerSettings, "PYRO_NS_LOG_FORMAT", "JSON", "log_format", "json"),
        (NameServerSettings, "PYRO_NS_LOG_LEVEL", "debug", "log_level", "debug"),
        (NameServerSettings, "PYRO_NS_MDNS", "1", "mdns", True),
        (NameServerSettings, "PYRO_NS_READ_TOKENS", "", "read_tokens", ()),
        (NameServerSettings, "PYRO_NS_REGISTER_TOKENS", "a, b", "register_tokens", ("a", "b")),
        (NameServerSettings, "PYRO_NS_ADMIN_TOKENS", "c", "admin_tokens", ("c",)),
        (NameServerSettings, "PYRO_NS_READ_IDENTITIES", "*", "read_identities", ("*",)),
        (NameServerSettings, "PYRO_NS_REGISTER_IDENTITIES", "x", "register_identities", ("x",)),
        (NameServerSettings, "PYRO_NS_ADMIN_IDENTITIES", "ops", "admin_identities", ("ops",)),
    ],
)
def test_a_variable_sets_one_setting(
    cls: type[Settings], variable: str, text: str, name: str, value: object
) -> None:
    settings = cls.from_environ({variable: text})
    assert value_of(settings, name) == value
    changed = {
        row[0] for row, usual in zip(settings.describe({}), cls().describe({}), strict=True) if row != usual
    }
    assert changed <= {name}


def test_every_variable_is_tested_above() -> None:
    (mark,) = [m for m in test_a_variable_sets_one_setting.pytestmark if m.name == "parametrize"]  # type: ignore[attr-defined]
    tested = {(row[0], row[1]) for row in mark.args[1]}
    variables = {(cls, variable) for cls in CLASSES for variable in cls._VARIABLES}
    assert tested == {(cls, variable) for cls, variable in variables if not variable.startswith("PYRO_SSL")}


FOR_SERVERS = {
    "PYRO_SSL": "1",
    "PYRO_SSL_SERVERCERT": "s.pem",
    "PYRO_SSL_SERVERKEY": "s.key",
    "PYRO_SSL_SERVERKEYPASSWD": "secret",
    "PYRO_SSL_REQUIRECLIENTCERT": "yes",
    "PYRO_SSL_CACERTS": "ca.pem",
}
FOR_CLIENTS = {
    "PYRO_SSL": "1",
    "PYRO_SSL_CLIENTCERT": "c.pem",
    "PYRO_SSL_CLIENTKEY": "c.key",
    "PYRO_SSL_CLIENTKEYPASSWD": "hidden",
    "PYRO_SSL_CACERTS": "ca.pem",
}


def test_the_variables_for_tls_have_the_names_that_stock_users_know() -> None:
    environ = FOR_SERVERS | FOR_CLIENTS
    assert ServerSettings.from_environ(environ).tls == TLS(
        certfile="s.pem", keyfile="s.key", password="secret", cafile="ca.pem", require_client_cert=True
    )
    assert ClientSettings.from_environ(environ).tls == TLS(
        certfile="c.pem", keyfile="c.key", password="hidden", cafile="ca.pem"
    )
    for cls, variables in ((ServerSettings, FOR_SERVERS), (ClientSettings, FOR_CLIENTS)):
        assert {name for name in cls._VARIABLES if "SSL" in name} == set(variables)  # type: ignore[attr-defined]


@pytest.mark.parametrize("cls", [ServerSettings, ClientSettings])
def test_the_variables_for_tls_count_only_when_it_is_switched_on(cls: Any) -> None:
    environ = FOR_SERVERS | FOR_CLIENTS
    base = cls(tls=TLS(certfile="mine.pem", server_hostname="me"))
    del environ["PYRO_SSL"]
    assert cls.from_environ(environ).tls is None
    assert cls.from_environ({"PYRO_SSL_CACERTS": "ca.pem"}, base=base).tls == replace(
        base.tls, cafile="ca.pem"
    )
    assert cls.from_environ(environ | {"PYRO_SSL": "0"}, base=base).tls is None
    assert cls.from_environ({"PYRO_SSL": "1"}).tls == TLS()
    with pytest.raises(SettingsError, match="PYRO_SSL='maybe' cannot be used"):
        cls.from_environ({"PYRO_SSL": "maybe"})


def test_tls_in_a_table() -> None:
    assert ServerSettings.from_mapping({"tls": {"certfile": "s.pem"}}).tls == TLS(certfile="s.pem")
    assert ServerSettings.from_mapping({"tls": {}}).tls == TLS()
    assert ServerSettings.from_mapping({"tls": False}).tls is None
    with pytest.raises(SettingsError, match="unknown setting 'certfil' in tls of settings; did you mean"):
        ServerSettings.from_mapping({"tls": {"certfil": "s.pem"}})
    with pytest.raises(SettingsError, match="unknown setting 'context'"):
        ServerSettings.from_mapping({"tls": {"context": "x"}})


def test_the_password_of_a_key_is_not_shown() -> None:
    settings = ServerSettings.from_environ(FOR_SERVERS)
    rows = {name: (value, source) for name, value, source in settings.describe(FOR_SERVERS)}
    assert rows["tls.certfile"] == ("s.pem", "PYRO_SSL_SERVERCERT")
    assert rows["tls.password"][0] == "********"
    assert "secret" not in f"{settings!r} {rows}"
    assert dict((name, source) for name, _, source in ServerSettings().describe({}))["tls"] == "default"


@pytest.mark.parametrize(
    ("cls", "variable", "text", "allowed"),
    [
        (ClientSettings, "PYRO_COMMTIMEOUT", "garbage", "a number of seconds, 0 or more (0 waits for ever)"),
        (ClientSettings, "PYRO_COMMTIMEOUT", "-1", "a number of seconds, 0 or more"),
        (ClientSettings, "PYRO_COMMTIMEOUT", "nan", "a number of seconds, 0 or more"),
        (ClientSettings, "PYRO_COMMTIMEOUT", "inf", "a number of seconds, 0 or more"),
        (ClientSettings, "PYRO_COMPRESSION", "maybe", "one of 1, on, yes, true, 0, off, no, false"),
        (ClientSettings, "PYRO_COMPRESSION", "", "one of 1, on, yes, true"),
        (ClientSettings, "PYRO_MAX_RETRIES", "-1", "a whole number, 0 or more"),
        (ClientSettings, "PYRO_NS_PORT", "65536", "a whole number from 0 to 65535"),
        (ClientSettings, "PYRO_NS_PORT", "nine", "a whole number from 0 to 65535"),
        pytest.param(
            ClientSettings, "PYRO_NS_PORT", "9" * 5000, "a whole number from 0 to 65535", id="5000 digits"
        ),
        (ClientSettings, "PYRO_PREFER_IP_VERSION", "5", "one of 0, 4, 6"),
        (ClientSettings, "PYRO_BROADCAST_ADDRS", " , ", "at least one name"),
        (
            ServerSettings,
            "PYRO_SERIALIZERS_ACCEPTED",
            "",
            "at least one name; several are separated by commas",
        ),
        (ServerSettings, "PYRO_THREADPOOL_SIZE", "0", "a whole number, 1 or more"),
        (ServerSettings, "PYRO_THREADPOOL_SIZE", "1.5", "a whole number, 1 or more"),
        (NameServerSettings, "PYRO_NS_AUTOCLEAN", "often", "a number of seconds, 0 or more"),
    ],
)
def test_a_bad_value_is_one_error_that_says_what_is_allowed(
    cls: type[Settings], variable: str, text: str, allowed: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        cls.from_environ({variable: text})
    assert f"environment variable {variable}={text!r} cannot be used: expected {allowed}" in str(caught.value)
    assert caught.value.name == variable
    assert isinstance(caught.value, PyroError)
    assert isinstance(caught.value, ValueError)


def test_variables_of_other_programs_are_left_alone() -> None:
    """D11: an unknown ``PYRO_*`` variable breaks nothing."""
    environ = {"PYRO_FOO": "1", "PYRO_ONEWAY_THREADED": "x", "PYRO_LOGLEVEL": "DEBUG"}
    assert [cls.from_environ(environ) for cls in CLASSES] == [cls() for cls in CLASSES]


def test_only_its_own_variables_are_looked_up() -> None:
    class Environment(dict[str, str]):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[str] = []

        def get(self, name: str, default: Any = None) -> Any:
            self.asked.append(name)
            return default

        def __iter__(self) -> Any:
            raise AssertionError("the whole environment was read")

    environ = Environment()
    NameServerSettings.from_environ(environ)
    assert sorted(environ.asked) == sorted(NameServerSettings._VARIABLES)


def test_importing_reads_no_variable_and_leaves_logging_alone() -> None:
    """D11: importing has no side effect; a bad setting is one clear error when it is used."""
    program = """
import logging
import pyro_core, pyro_core.settings
assert logging.getLogger().level == logging.WARNING, logging.getLogger().level
assert not logging.getLogger().handlers
try:
    pyro_core.settings.ClientSettings.from_environ()
except pyro_core.errors.SettingsError as error:
    print(error)
"""
    environ = {**os.environ, "PYRO_FOO": "1", "PYRO_COMMTIMEOUT": "garbage", "PYRO_LOGLEVEL": "DEBUG"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("environment variable PYRO_COMMTIMEOUT='garbage' cannot be used")


def test_two_daemons_have_settings_of_their_own() -> None:
    """D6: no setting is shared by the whole process."""
    one = ServerSettings(threads=1, limits=Limits(max_streams=1))
    two = ServerSettings()
    assert (one.threads, two.threads) == (1, 128)
    assert (one.limits.max_streams, two.limits.max_streams) == (1, 1000)


@pytest.mark.parametrize("cls", [*CLASSES, Limits, Timeouts])
def test_settings_are_frozen_and_given_by_name(cls: Any) -> None:
    settings = cls()
    name = fields(cls)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(settings, name, getattr(settings, name))
    with pytest.raises(TypeError):
        cls("positional")
    with pytest.raises((TypeError, AttributeError)):  # TypeError: a quirk of frozen classes with slots
        settings.no_such_setting = 1
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(cls())


def test_toml_overrides_defaults_and_the_environment_overrides_toml(tmp_path: Path) -> None:
    file = tmp_path / "pyro.toml"
    file.write_text(
        """
        [server]
        host = "0.0.0.0"
        servertype = "thread"
        serializers = ["json"]
        stream_lifetime_s = 5
        nathost = "outside"
        compression = true
        [server.limits]
        max_connections = 12
        [server.timeouts]
        idle_s = 3
        connect_s = 0
        """,
        encoding="utf-8",
    )
    written = ServerSettings.from_toml(file)
    assert written == ServerSettings(
        host="0.0.0.0",
        serializers=("json",),
        stream_lifetime_s=5.0,
        nathost="outside",
        compression=True,
        limits=Limits(max_connections=12),
        timeouts=Timeouts(idle_s=3.0, connect_s=None),
    )
    environ = {"PYRO_HOST": "::1", "PYRO_MAX_MESSAGE_SIZE": "77"}
    in_force = ServerSettings.from_environ(environ, base=written)
    assert in_force == replace(written, host="::1", limits=Limits(max_connections=12, max_message_bytes=77))


def test_each_class_has_its_table(tmp_path: Path) -> None:
    file = tmp_path / "pyro.toml"
    file.write_text(
        '[client]\nserializer = "json"\n[nameserver]\nport = 1\n[other]\nport = 2\n', encoding="utf-8"
    )
    assert ClientSettings.from_toml(file) == ClientSettings(serializer="json")
    assert NameServerSettings.from_toml(file) == NameServerSettings(port=1)
    assert NameServerSettings.from_toml(file, "other") == NameServerSettings(port=2)
    assert ServerSettings.from_toml(file) == ServerSettings()


@pytest.mark.parametrize(
    ("cls", "table", "message"),
    [
        (ServerSettings, {"hots": "x"}, "unknown setting 'hots' in settings; did you mean 'host'"),
        (
            ServerSettings,
            {"zzz": 1},
            "unknown setting 'zzz' in settings; known are allow_anonymous, compression",
        ),
        (
            ServerSettings,
            {"limits": {"max_stream": 1}},
            "unknown setting 'max_stream' in limits of settings; did you mean 'max_streams'",
        ),
        (ServerSettings, {"limits": 3}, "limits of settings must be a table, got 3"),
        (ServerSettings, {"host": 3}, "host = 3 in settings cannot be used: expected text"),
        (
            ServerSettings,
            {"threads": "many"},
            "threads = 'many' in settings cannot be used: expected a whole number",
        ),
        (ServerSettings, {"threads": 1.5}, "expected a whole number, 1 or more"),
        (ServerSettings, {"threads": 0}, "expected a whole number, 1 or more"),
        (ServerSettings, {"threads": True}, "expected a whole number, 1 or more"),
        (ServerSettings, {"threads": float("inf")}, "expected a whole number, 1 or more"),
        (ServerSettings, {"port": 65536}, "expected a whole number from 0 to 65535"),
        (ServerSettings, {"compression": 1}, "expected true or false"),
        (ServerSettings, {"serializers": "json"}, "expected a list of text"),
        (ServerSettings, {"serializers": []}, "expected at least one name"),
        (ServerSettings, {"timeouts": {"write_s": float("nan")}}, "expected a number of seconds, 0 or more"),
        (ServerSettings, {"timeouts": {"write_s": "1"}}, "expected a number of seconds, 0 or more"),
        (ClientSettings, {"prefer_ip_version": 7}, "expected one of 0, 4, 6"),
        (NameServerSettings, {"broadcast_host": 1}, "expected text"),
    ],
)
def test_a_table_with_a_wrong_entry_is_one_error(
    cls: type[Settings], table: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        cls.from_mapping(table)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"[server", b"\xff\xfe", b"server = 3"])
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pyro.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"pyro\.toml"):
        ServerSettings.from_toml(file)


def test_a_missing_file_is_the_operating_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ServerSettings.from_toml(tmp_path / "missing.toml")


@pytest.mark.parametrize("cls", CLASSES)
def test_every_default_could_have_been_written_in_a_file(cls: type[Settings]) -> None:
    def table(settings: Any) -> dict[str, Any]:
        written = {}
        for item in fields(settings):
            value = getattr(settings, item.name)
            if isinstance(value, Limits | Timeouts):
                value = table(value)
            if value is None:  # TOML has no such value
                value = 0 if item.name.endswith("_s") else ""
            written[item.name] = list(value) if isinstance(value, tuple) else value
        return written

    assert cls.from_mapping(table(cls())) == cls()


def test_describe_tells_where_each_value_comes_from() -> None:
    environ = {"PYRO_SERIALIZER": "json", "PYRO_NS_PORT": "1", "PYRO_COMMTIMEOUT": "2"}
    settings = replace(ClientSettings.from_environ(environ), ns_port=2, nodelay=False)
    rows = {name: (value, source) for name, value, source in settings.describe(environ)}
    assert rows["serializer"] == ("json", "PYRO_SERIALIZER")
    assert rows["timeouts.call_s"] == (2.0, "PYRO_COMMTIMEOUT")
    assert rows["ns_port"] == (2, "program")  # the variable says something else
    assert rows["nodelay"] == (False, "program")
    assert rows["ns_host"] == ("localhost", "default")
    assert rows["limits.max_message_bytes"] == (256 * 1024**2, "default")
    assert len(rows) == len(fields(ClientSettings)) - 2 + len(fields(Limits)) + len(fields(Timeouts))


def test_where_values_come_from_is_told_for_a_table_and_the_variables_that_go_before_it() -> None:
    table = {"port": 1, "host": "a", "timeouts": {"idle_s": 3}}
    environ = {"PYRO_HOST": "b", "PYRO_FOO": "1"}
    sources = ServerSettings.sources(environ, table=table, where="server.toml")
    assert sources == {"port": "server.toml", "host": "PYRO_HOST", "timeouts.idle_s": "server.toml"}
    settings = ServerSettings.from_environ(environ, base=ServerSettings.from_mapping(table))
    rows = {name: (value, source) for name, value, source in settings.describe(environ, sources=sources)}
    assert rows["host"] == ("b", "PYRO_HOST")
    assert rows["timeouts.idle_s"] == (3.0, "server.toml")
    assert rows["natport"] == (0, "default")


@pytest.mark.parametrize(("name", "value"), [("log_format", "xml"), ("log_level", 3), ("log_level", "loud")])
def test_a_word_that_is_not_one_of_the_few_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"{name} = {value!r} in .* cannot be used: expected one of"):
        NameServerSettings.from_mapping({name: value})


def test_secrets_are_shown_nowhere() -> None:
    settings = (
        ClientSettings(ns_token="very-secret", token="very-secret"),
        NameServerSettings(admin_tokens=("very-secret",)),
    )
    shown = [repr(settings), *(repr(one.describe({})) for one in settings)]
    assert "secret" not in "".join(shown)
    assert "********" in shown[1]
    assert "********" in shown[2]
