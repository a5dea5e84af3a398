import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from pyro_core.errors import SettingsError
from pyro_http.settings import GatewaySettings


def test_they_come_from_a_table_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[gateway]\nexpose = ["a", "b"]\nrate_per_s = 5\nport = 1\n')
    settings = GatewaySettings.from_toml(path)
    assert (settings.expose, settings.rate_per_s, settings.port) == (("a", "b"), 5.0, 1)
    assert GatewaySettings.from_environ({"PYRO_GATEWAY_PORT": "2"}, base=settings).port == 2


def test_a_list_that_is_empty_by_default_may_be_given_so() -> None:
    assert GatewaySettings.from_mapping({"cors_origins": []}) == GatewaySettings()


def test_a_wrong_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean 'expose'"):
        GatewaySettings.from_mapping({"exposed": ["a"]})


def test_each_setting_is_documented() -> None:
    text = inspect.getdoc(GatewaySettings) or ""  # without the indentation, which Python 3.13 leaves out
    for field in fields(GatewaySettings):
        assert f"    {field.name}: " in text
