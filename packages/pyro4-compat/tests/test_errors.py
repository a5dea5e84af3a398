import Pyro4.errors
from pyro_core import errors


def test_errors_of_pyro4_are_native_ones_of_their_names() -> None:
    known = vars(Pyro4.errors).items()
    kinds = {name: kind for name, kind in known if isinstance(kind, type) and issubclass(kind, Exception)}
    assert len(kinds) > 8
    for name, kind in kinds.items():
        assert issubclass(kind, getattr(errors, name.replace("MessageTooLargeError", "MessageTooLarge")))
