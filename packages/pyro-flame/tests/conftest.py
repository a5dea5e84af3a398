import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """No garbage is collected: test tools have callbacks for that, and Python drops what interrupts those."""
    gc.disable()
    yield
    gc.enable()
