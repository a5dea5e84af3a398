import marshal
from typing import Any

import pytest

from pyro_core import plugins
from pyro_core.convert import ClassRules
from pyro_core.errors import PluginError
from pyro_core.serializer import Serializer
from pyro_core.settings import ServerSettings
from pyro_server.accepted import AcceptedSerializers


class Custom(Serializer):
    name = "custom"
    wire_ids = {502: 200}  # noqa: RUF012

    def encode_value(self, value: object) -> bytes:
        return repr(value).encode()

    def decode_value(self, data: Any) -> Any:
        return bytes(data)


class Rival(Custom):
    name = "rival"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> plugins.Registry:
    """The serializers, and two that only this test knows."""
    registry = plugins.Registry("pyro.serializers", plugins.SERIALIZERS)
    registry.register("custom", Custom)
    registry.register("rival", Rival)
    monkeypatch.setattr(plugins, "serializers", lambda: registry)
    return registry


def test_a_serializer_is_found_by_the_number_of_each_version_and_made_once() -> None:
    accepted = AcceptedSerializers(("json",), ClassRules())
    found = accepted.find(502, 3)
    assert found is not None
    assert found.name == "json"
    assert accepted.find(502, 3) is found
    assert accepted.table(502) == {3: found}
    other = accepted.find(48, 2)
    assert other is not None
    assert other.codec.version == 48


def test_what_is_not_named_is_not_found() -> None:
    accepted = AcceptedSerializers(("json",), ClassRules())
    assert accepted.find(502, 1) is None
    assert accepted.find(502, 99) is None


def test_unsafe_serializers_are_not_among_the_defaults() -> None:
    """S8: marshal and the pickle family only when named."""
    accepted = AcceptedSerializers(ServerSettings().serializers, ClassRules())
    assert accepted.find(502, 2) is None
    for number in (3, 4, 5, 7):
        assert accepted.find(48, number) is None
    named = AcceptedSerializers(("marshal", "pickle"), ClassRules())
    for version, number in ((502, 2), (48, 3), (48, 4)):
        found = named.find(version, number)
        assert found is not None
        assert not found.safe
    value = named.find(502, 2)
    assert value is not None
    assert value.decode_value(marshal.dumps([1, 2])) == [1, 2]


def test_an_unknown_name_is_an_error_at_once() -> None:
    with pytest.raises(PluginError, match="no plugin 'jsom'"):
        AcceptedSerializers(("serpent", "jsom"), ClassRules())


def test_a_missing_extra_among_the_defaults_is_refused_like_any_other(
    registry: plugins.Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load(name: str) -> Any:
        raise PluginError(f"{name!r} needs the module 'msgpack'")

    monkeypatch.setattr(registry, "load", load)
    accepted = AcceptedSerializers(("msgpack",), ClassRules())
    assert accepted.find(502, 4) is None
    assert accepted.find(502, 4) is None
    assert caplog.text.count("needs the module") == 1
    assert accepted.any_of(502) is None


@pytest.mark.usefixtures("registry")
def test_third_party_serializers_are_found_by_their_own_numbers() -> None:
    accepted = AcceptedSerializers(("json", "custom"), ClassRules())
    found = accepted.find(502, 200)
    assert isinstance(found, Custom)
    assert accepted.find(48, 200) is None


@pytest.mark.usefixtures("registry")
def test_two_serializers_with_one_number_are_an_error_that_names_both() -> None:
    with pytest.raises(PluginError, match="'custom' and 'rival' both use number 200"):
        AcceptedSerializers(("custom", "rival"), ClassRules())


def test_the_first_that_works_is_given_for_answers_to_strangers() -> None:
    found = AcceptedSerializers(("json", "serpent"), ClassRules()).any_of(502)
    assert found is not None
    assert found.name == "json"
