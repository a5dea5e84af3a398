"""A post office that takes and gives objects of our own classes.

Usage: python server.py
"""

from parcels import Parcel, Size, Stamp, rules

from pyro_server import Daemon, expose, serve


@expose
class PostOffice:
    """Stamps parcels."""

    def stamp(self, parcel: Parcel) -> Stamp:
        """The stamp that a parcel needs."""
        print(f"got {parcel}", flush=True)
        return Stamp(700 if parcel.size is Size.LARGE else 400)

    def enlarge(self, parcel: Parcel) -> Parcel:
        """The same parcel in a larger box."""
        parcel.size = Size.LARGE
        parcel.contents.append("padding")
        return parcel

    def refund(self, stamp: Stamp) -> str:
        """Take a stamp back."""
        return f"money back for {stamp!r}"


if __name__ == "__main__":
    with Daemon(rules=rules()) as daemon:
        serve({PostOffice: "post"}, daemon=daemon, use_ns=False)
