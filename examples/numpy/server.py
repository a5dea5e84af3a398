"""Computes with arrays that clients send."""

from typing import Any

import numpy as np

from pyro_server import expose, serve


@expose
class Laboratory:
    """Arrays in, arrays out."""

    def __init__(self) -> None:
        self._picture = np.zeros((0, 0))

    def about(self, array: np.ndarray) -> dict[str, Any]:
        """What has arrived. The array uses the memory that the network wrote to."""
        return {
            "dtype": str(array.dtype),
            "shape": list(array.shape),
            "copied": bool(array.flags.owndata),
            "writable": bool(array.flags.writeable),
        }

    def double(self, array: np.ndarray) -> np.ndarray:
        """The same array, changed in place: nobody else has it."""
        array *= 2
        return array

    def statistics(self, array: np.ndarray) -> dict[str, Any]:
        """Arrays may be parts of results, beside other things."""
        return {"mean": float(array.mean()), "sorted": np.sort(array, axis=None), "rows": array.sum(axis=1)}

    def objects(self) -> np.ndarray:
        """An array that cannot travel."""
        return np.array([object()])


if __name__ == "__main__":
    serve({Laboratory(): "laboratory"}, use_ns=False)
