"""The one test that a serializer plugin needs."""

from pyro_example_plist import PlistSerializer

from pyro_core.serializer import Serializer
from pyro_core.testing.serializers import SerializerSuite


class TestPlist(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return PlistSerializer
