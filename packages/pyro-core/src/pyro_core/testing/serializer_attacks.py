"""What a serializer must stand: broken and hostile data. A part of ``SerializerSuite``."""

import abc
import itertools
import random
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from pyro_core.alike_keys import FEW, MOST_ALIKE
from pyro_core.convert import ClassRules
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import Serializer

NESTED_LEVELS = 100_000
SLOW_S = 2.0
"""What takes longer, in processor time, is work that a peer should not be able to order."""
_SEED = 50248
_ROUNDS = 500


class HostileInput(abc.ABC):
    """Tests with data that nobody means well with."""

    @abc.abstractmethod
    def serializers(self, rules: ClassRules | None = None) -> Iterator[Serializer]:
        """The serializer for each protocol version it can be used with."""

    @abc.abstractmethod
    def _rules(self) -> ClassRules:
        """Rules for the classes among the samples."""

    @abc.abstractmethod
    def _samples(self, serializer: Serializer) -> list[bytes]:
        """Encoded values and calls of many kinds."""

    def test_nesting_without_end_is_refused(self) -> None:
        deep_list: list[Any] = []
        deep_dict: dict[str, Any] = {}
        for _ in range(NESTED_LEVELS):
            deep_list = [deep_list]
            deep_dict = {"k": deep_dict}
        for serializer in self.serializers():
            for value in (deep_list, deep_dict):
                self._assert_refused(serializer, value)

    def test_broken_bytes_raise_only_the_errors_that_callers_expect(self) -> None:
        for serializer in self.serializers(self._rules()):
            if not serializer.safe:
                return
            chance = random.Random(_SEED)
            for data in _broken(self._samples(serializer), chance):
                for decode in (serializer.decode_value, serializer.decode_call):
                    _decode_or_refuse(decode, data)

    def test_one_byte_repeated_without_end_raises_only_the_errors_that_callers_expect(self) -> None:
        for serializer in self.serializers():
            if not serializer.safe:
                return
            for number in range(256):
                _decode_or_refuse(serializer.decode_value, bytes([number]) * NESTED_LEVELS)

    def test_keys_that_were_chosen_to_be_slow_are_refused(self) -> None:
        for plain in self.serializers():
            for serializer in (plain, plain.faithful()):
                if not serializer.safe:
                    return
                for keys in _alike():
                    self._assert_harmless(serializer, dict.fromkeys(keys))
                self._assert_harmless(serializer, set(keys))

    def test_nesting_does_not_multiply_memory(self) -> None:
        inner: Any = "x" * 1_000_000
        for _ in range(150):
            inner = (inner,)
        for plain in self.serializers():
            for serializer in (plain, plain.faithful()):
                if not serializer.safe:
                    return
                try:
                    data = serializer.encode_value(inner)
                except SerializeError:
                    continue
                tracemalloc.start()
                try:
                    _decode_or_refuse(serializer.decode_value, data)
                    _, peak = tracemalloc.get_traced_memory()
                finally:
                    tracemalloc.stop()
                assert peak < 100_000_000, f"{serializer.name} needs {peak} bytes for {len(data)}"

    def test_whole_numbers_of_any_length_are_read_quickly_or_refused(self) -> None:
        for plain in self.serializers():
            for serializer in (plain, plain.faithful()):
                if not serializer.safe:
                    return
                try:
                    data = serializer.encode_value(10**4_000)
                except SerializeError:
                    continue
                assert serializer.decode_value(data) == 10**4_000
                longer = data.replace(b"0" * 1_000, b"0" * 1_000_000)
                started = time.process_time()
                _decode_or_refuse(serializer.decode_value, longer)
                assert time.process_time() - started < SLOW_S

    def _assert_harmless(self, serializer: Serializer, value: Any) -> None:
        """A dict or set whose keys have one hash is refused, or arrives as something that does no harm."""
        try:
            data = serializer.encode_value(value)
        except SerializeError:
            return
        try:
            back = serializer.decode_value(data)
        except SerializeError:
            return
        alike = max(Counter(map(hash, back)).values()) if isinstance(back, dict | set | frozenset) else 0
        assert alike <= MOST_ALIKE, f"{serializer.name} makes a {type(back).__name__} of {alike} such keys"

    def _assert_refused(self, serializer: Serializer, value: object) -> None:
        refused = False
        try:
            serializer.encode_value(value)
        except SerializeError:
            refused = True
        # A plain assert: pytest.raises would keep, and perhaps print, a value that no repr survives.
        assert refused, f"{serializer.name} encodes {NESTED_LEVELS} levels; a receiver may die of them"


def _alike() -> Iterator[list[Any]]:
    """Many keys with the same hash, of several kinds."""
    many = FEW + MOST_ALIKE
    yield [number * sys.hash_info.modulus for number in range(1, many)]
    yield [complex(-sys.hash_info.imag * number, number) for number in range(1, many)]
    yield [UUID(int=number * sys.hash_info.modulus) for number in range(1, many)]
    yield [Decimal(number * sys.hash_info.modulus) for number in range(1, many)]
    yield list(itertools.islice(itertools.product((-1, -2), repeat=11), many))


def _broken(samples: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Random bytes, and good ones that were cut off, changed, joined or cut into each other."""
    yield b""
    for _ in range(_ROUNDS):
        yield chance.randbytes(chance.randrange(1, 40))
        sample, other = chance.choice(samples), chance.choice(samples)
        yield sample[: chance.randrange(len(sample))]
        changed = bytearray(sample)
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)
        cut = chance.randrange(len(sample))
        yield sample[:cut] + other[chance.randrange(len(other)) :]
        yield sample[:cut] + chance.randbytes(2) + sample[cut:]


def _decode_or_refuse(decode: Any, data: bytes) -> None:
    try:
        decode(data)
    except (SerializeError, SecurityError):
        pass
    except BaseException as problem:
        raise AssertionError(
            f"decoding {data[:200]!r} ({len(data)} bytes) raised {problem!r}, not SerializeError"
        ) from problem
