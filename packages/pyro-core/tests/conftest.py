import pytest

from pyro_core.testing.certificates import Authority, have_openssl


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if not have_openssl():
        pytest.skip("needs the openssl program, to make certificates")
    return Authority(tmp_path_factory.mktemp("authority"))
