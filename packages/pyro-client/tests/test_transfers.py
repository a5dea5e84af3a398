"""Telling how far large messages are."""

from pyro_client.transfers import LARGE_BYTES, PIECE_BYTES, Transfer, TransferWatch


def test_pieces_are_told_of_after_they_were_sent() -> None:
    told: list[Transfer] = []
    sent = bytearray()
    large = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"end"
    for piece in TransferWatch(told.append).pieces([b"head", large, bytes(LARGE_BYTES)]):
        assert sum(len(sent) == each.done_bytes for each in told[-1:]) == len(told[-1:])
        assert len(piece) <= PIECE_BYTES
        sent += piece
    total = 4 + len(large) + LARGE_BYTES
    assert bytes(sent[: 4 + len(large)]) == b"head" + large
    assert [each.direction for each in told] == ["send"] * len(told)
    assert [each.done_bytes for each in told] == sorted(each.done_bytes for each in told)
    assert (told[-1].done_bytes, told[-1].total_bytes) == (total, total)


def test_nothing_is_told_of_small_messages() -> None:
    told: list[Transfer] = []
    watch = TransferWatch(told.append)
    assert b"".join(watch.pieces([b"a", b"bc"])) == b"abc"
    watch.look((10, 100))
    watch.look(None)
    assert told == []


def test_each_arrival_ends_with_all_of_it() -> None:
    told: list[Transfer] = []
    watch = TransferWatch(told.append)
    size = 2 * LARGE_BYTES
    for arriving in (None, (5, size), (size - 1, size), None, None, (1, size + 1), (7, size), None):
        watch.look(arriving)
    assert [(each.done_bytes, each.total_bytes) for each in told] == [
        *[(5, size), (size - 1, size), (size, size)],
        *[(1, size + 1), (size + 1, size + 1)],
        *[(7, size), (size, size)],
    ]
