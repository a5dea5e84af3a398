"""The native serializers with the habits of Pyro4, by name."""

from typing import Any

from Pyro4.configuration import config
from pyro_core import plugins
from pyro_core.convert import ClassCodec
from pyro_core.errors import PluginError
from pyro_core.serializer import Serializer
from pyro_serializers.serpent import SerpentSerializer
from pyro_serializers.serpent_reader import SerpentReader
from pyro_serializers.serpent_writer import SerpentWriter


class ClassicSerpent(SerpentSerializer):
    """Serpent, with which bytes arrive as a dict of base64 text, as ``serpent.tobytes`` takes it."""

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        self._reader = SerpentReader(codec, binary=False)
        self._writer = _ClassicWriter(codec)


class _ClassicWriter(SerpentWriter):
    """Writes ordered dicts so that their order is told, which a rule for the class can read."""

    __slots__ = ()

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        self._stand_ins = {**self._stand_ins, ("collections", "OrderedDict"): _ordered}


def _ordered(value: Any) -> dict[str, Any]:
    return {"__class__": "collections.OrderedDict", "items": list(value.items())}


_PICKLES = {"pickle": "ClassicPickle", "cloudpickle": "ClassicCloudpickle", "dill": "ClassicDill"}


def wire_class(name: str) -> type[Serializer] | None:
    """The class of a serializer; None if it is unknown, or what it needs is not installed.

    Args:
        name: Its name.
    """
    if name == "serpent":
        return SerpentSerializer if config.FAITHFUL_TYPES else ClassicSerpent
    try:
        if name in _PICKLES:
            if name != "pickle":
                __import__(name)
            from Pyro4.facade import pickling

            found: Any = getattr(pickling, _PICKLES[name])
        else:
            found = plugins.serializers().load(name)
    except (PluginError, ImportError):
        return None
    return found if isinstance(found, type) else None
