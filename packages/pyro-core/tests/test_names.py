import pytest

from pyro_core import names


def test_no_serializer_number_means_two_things() -> None:
    for numbers in names.STOCK_SERIALIZER_IDS.values():
        assert len(set(numbers.values())) == len(numbers)


def test_every_protocol_version_has_numbers_and_error_names() -> None:
    assert set(names.STOCK_SERIALIZER_IDS) == set(names.ERROR_MODULES) == set(names.PROTOCOL_VERSIONS)


def test_annotation_names_fit_the_wire() -> None:
    assert all(len(name) == 4 and name.isascii() and name.isupper() for name in names.RESERVED_ANNOTATIONS)


def test_the_tables_do_not_change() -> None:
    with pytest.raises(TypeError):
        names.STOCK_SERIALIZER_IDS[502] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        names.STOCK_SERIALIZER_IDS[502]["own"] = 1  # type: ignore[index]
