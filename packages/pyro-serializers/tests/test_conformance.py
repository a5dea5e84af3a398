"""Every serializer of this package against the suite that third parties use."""

from pyro_core.serializer import Serializer
from pyro_core.testing.serializers import SerializerSuite
from pyro_serializers.json import JsonSerializer
from pyro_serializers.marshal import MarshalSerializer
from pyro_serializers.msgpack import MsgpackSerializer
from pyro_serializers.pickle import CloudpickleSerializer, DillSerializer, PickleSerializer
from pyro_serializers.serpent import SerpentSerializer


class TestSerpent(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return SerpentSerializer


class TestJson(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return JsonSerializer


class TestMarshal(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return MarshalSerializer


class TestMsgpack(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return MsgpackSerializer


class TestPickle(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return PickleSerializer


class TestCloudpickle(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return CloudpickleSerializer


class TestDill(SerializerSuite):
    def serializer_class(self) -> type[Serializer]:
        return DillSerializer
