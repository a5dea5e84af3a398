import subprocess
import sys

import pytest

import pyro_nameserver


def test_importing_it_loads_none_of_its_modules() -> None:
    code = (
        "import sys, pyro_nameserver\n"
        "found = {name for name in sys.modules if name.startswith('pyro_')}\n"
        "assert found == {'pyro_nameserver', 'pyro_nameserver.__about__'}, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_public_is_there() -> None:
    assert all(getattr(pyro_nameserver, name) for name in pyro_nameserver.__all__)
    with pytest.raises(AttributeError, match="no attribute 'PhoneBook'"):
        pyro_nameserver.PhoneBook  # noqa: B018 - reading it is the test
