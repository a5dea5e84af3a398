"""Which kind of channel a blocking proxy makes its calls through."""

from __future__ import annotations

from pyro_client.channel import Channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyro_client.profile import Profile


def channel_type(profile: Profile) -> type[Channel]:
    """What makes calls for a proxy with that profile."""
    if profile.observers is None:
        return Channel
    from pyro_client.observed import ObservedChannel  # brings along asyncio

    return ObservedChannel
