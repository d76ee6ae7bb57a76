"""Readers of event cameras: bytes written by hand from the tables, real recordings in official layouts, and bad files."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from event_files import GESTURE_HEADER, aedat2_bytes, aedat3_bytes, atis_bytes, moving_dot, packet

from hrsnn.errors import FileError
from hrsnn.formats.aedat2 import read_aedat2
from hrsnn.formats.aedat3 import read_aedat3
from hrsnn.formats.atis import read_atis
from hrsnn.formats.events import Events

HEADER_2 = b"#!AER-DAT2.0\r\n# Data format: int32 address, int32 timestamp\r\n"
READERS: dict[str, Callable[[Path], Events]] = {"atis": read_atis, "aedat2": read_aedat2, "aedat3": read_aedat3}


def lists(events: Events) -> list[list[int]]:
    return [column.tolist() for column in events]


def address(x: int, y: int, polarity: int) -> int:
    return y << 8 | x << 1 | polarity


def polarity_event(x: int, y: int, p: int, t: int, valid: int = 1) -> bytes:
    return struct.pack("<Ii", x << 17 | y << 2 | p << 1 | valid, t)


def header(count: int, kind: int = 1, overflow: int = 0, source: int = 1, size: int = 8, room: int | None = None) -> bytes:
    return struct.pack("<hhiiiiii", kind, source, size, 4, overflow, count if room is None else room, count, count)


class TestAtis:
    def test_bytes_by_the_table(self, tmp_path):
        # x 0x21, y 3, OFF at 0x000102; x 0, y 0x20, ON at 0x7FFFFF, the last time of 23 bits
        (tmp_path / "a.bin").write_bytes(b"\x21\x03\x00\x01\x02" + b"\x00\x20\xff\xff\xff")
        assert lists(read_atis(tmp_path / "a.bin")) == [[0x21, 0], [3, 0x20], [0, 1], [0x102, 0x7FFFFF]]

    def test_an_overflow_mark_moves_what_follows(self, tmp_path):
        first, mark, second = b"\x01\x02\x80\x1f\xff", b"\x00\xf0\x00\x00\x00", b"\x03\x04\x00\x00\x05"
        (tmp_path / "a.bin").write_bytes(first + mark + second)
        assert lists(read_atis(tmp_path / "a.bin")) == [[1, 3], [2, 4], [1, 0], [0x1FFF, 0x2000 + 5]]

    def test_real_recordings(self, data_folder, tmp_path):
        with np.load(data_folder / "nmnist" / "nmnist_1k.npz", allow_pickle=False) as packed:
            offset = packed["offset"]
            columns = [packed[name][: offset[20]] for name in "xypt"]
        for row in range(20):
            events = [column[offset[row] : offset[row + 1]] for column in columns]
            (tmp_path / "a.bin").write_bytes(atis_bytes(events))
            for found, wanted in zip(read_atis(tmp_path / "a.bin"), events, strict=True):
                np.testing.assert_array_equal(found, wanted)


class TestAedat2:
    def test_bytes_by_the_table(self, tmp_path):
        # big-endian address and time: x address 1, y address 2, bit 0 off = ON at 0x01020304; then bit 0 on = OFF
        body = b"\x00\x00\x02\x02\x01\x02\x03\x04" + b"\x00\x00\x7f\xff\x01\x02\x03\x05"
        (tmp_path / "a.aedat").write_bytes(HEADER_2 + body)
        assert lists(read_aedat2(tmp_path / "a.aedat")) == [[126, 0], [125, 0], [1, 0], [0x01020304, 0x01020305]]
        assert lists(read_aedat2(tmp_path / "a.aedat", transposed=True))[:2] == [[125, 0], [126, 0]]

    def test_external_events_are_left_out_and_time_goes_on_after_it_wraps(self, tmp_path):
        body = struct.pack(">6I", 0, 2**32 - 3, 0x8000, 0, address(3, 0, 1), 4)
        (tmp_path / "a.aedat").write_bytes(HEADER_2 + body)
        assert lists(read_aedat2(tmp_path / "a.aedat")) == [[127, 124], [127, 127], [1, 0], [2**32 - 3, 2**32 + 4]]


class TestAedat3:
    def test_bytes_by_the_table(self, tmp_path):
        # x 3, y 5, ON: 3 << 17 | 5 << 2 | 2 | 1 = 0x00060017; a frame; x 127, y 0, OFF; an invalid event; an overflow
        first = b"\x01\0\x01\0" + b"\x08\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0" + b"\x17\0\x06\0\xe8\x03\0\0"
        frame = header(1, kind=2, size=40) + bytes(40)
        second = header(2) + polarity_event(127, 0, 0, 1001) + polarity_event(9, 9, 1, 1002, valid=0)
        third = header(1, overflow=2) + polarity_event(1, 2, 1, 7)
        (tmp_path / "a.aedat").write_bytes(GESTURE_HEADER + first + frame + second + third)
        found = lists(read_aedat3(tmp_path / "a.aedat"))
        assert found == [[3, 127, 1], [5, 0, 2], [1, 0, 1], [1000, 1001, 2 * 2**31 + 7]]

    def test_room_behind_the_events_is_passed_over(self, tmp_path):
        body = header(1, room=3) + polarity_event(1, 2, 1, 7) + bytes(16) + packet(([4], [5], [0], [8]))
        (tmp_path / "a.aedat").write_bytes(GESTURE_HEADER + body)
        assert lists(read_aedat3(tmp_path / "a.aedat")) == [[1, 4], [2, 5], [1, 0], [7, 8]]

    @pytest.mark.parametrize(("start", "stop"), [(None, 30_000), (20_000, None), (10_000, 40_000), (29_000, 30_500)])
    def test_a_part_is_what_the_whole_has_there(self, start, stop, tmp_path):
        (tmp_path / "a.aedat").write_bytes(aedat3_bytes(moving_dot(1, 0, events=200), length=7))
        whole, part = (read_aedat3(tmp_path / "a.aedat", **one) for one in ({}, {"start": start, "stop": stop}))
        inside = (whole.t >= (start or 0)) & (whole.t < (stop or np.inf))
        assert 0 < inside.sum() < 200
        assert lists(part) == [column[inside].tolist() for column in whole]

    def test_only_the_packets_of_the_part_are_read(self, tmp_path, monkeypatch):
        path = tmp_path / "a.aedat"
        path.write_bytes(aedat3_bytes(moving_dot(1, 0, events=200), length=7))
        monkeypatch.setenv("HRSNN_MAX_MEMORY", "1000")  # bytes: three packets of 7 events
        assert len(read_aedat3(path, start=30_000, stop=31_000).t) < 14
        with pytest.raises(FileError, match="of memory, more than 1000 bytes"):
            read_aedat3(path)

    def test_real_recordings(self, data_folder, tmp_path):
        with np.load(data_folder / "dvs_gesture" / "dvs_gesture_10.npz", allow_pickle=False) as packed:
            events = [packed[name][: packed["offset"][1]] for name in "xypt"]
        (tmp_path / "a.aedat").write_bytes(aedat3_bytes(events, length=4096))
        for found, wanted in zip(read_aedat3(tmp_path / "a.aedat"), events, strict=True):
            np.testing.assert_array_equal(found, wanted)


LATE_FIRST = ([0, 0], [0, 0], [0, 0], [9, 3])
GOOD = ([1, 2], [3, 4], [0, 1], [5, 6])


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("atis", b"", "holds no events"),
        ("atis", atis_bytes(GOOD)[:-1], "has 9 bytes: must be a multiple of 5, the bytes of an event"),
        ("atis", atis_bytes(LATE_FIRST), "event 1 is at 3 us, after one at 9 us: must not go back"),
        ("atis", atis_bytes(([34], [0], [0], [0])), "event 0 has x = 34: must be 0 to 33"),
        ("atis", atis_bytes(([1, 0], [1, 99], [0, 0], [0, 0])), "event 1 has y = 99: must be 0 to 33"),
        ("atis", b"\x00\xf0\x00\x00\x00", "holds no events"),
        ("aedat2", b"", "is no AEDAT file: begins with b'', wanted '#!AER-DAT'"),
        ("aedat2", b"\0" * 16, "is no AEDAT file"),
        ("aedat2", b"#!AER-DAT2.0", "its header does not end"),
        ("aedat2", HEADER_2, "holds no events"),
        ("aedat2", aedat2_bytes(GOOD)[:-3], "has 13 bytes of events: must be a multiple of 8"),
        ("aedat2", aedat3_bytes(GOOD), "has the version '3.1' of AEDAT, wanted 2.0"),
        ("aedat2", aedat2_bytes(LATE_FIRST), "event 1 is at 3 us, after one at 9 us"),
        ("aedat2", HEADER_2 + struct.pack(">4I", 0, 0, 0x10000, 1), "event 1 has the address 0x10000: must have 15 bits"),
        ("aedat3", b"", "is no AEDAT file"),
        ("aedat3", aedat2_bytes(GOOD), "has the version '2.0' of AEDAT, wanted 3.1"),
        ("aedat3", b"#!AER-DAT3.1\r\n#Format: RAW\r\n\1\0", "its header does not end with #!END-HEADER"),
        ("aedat3", GESTURE_HEADER.replace(b"RAW", b"PNGFrames") + packet(GOOD), "has the format 'PNGFrames', wanted RAW"),
        ("aedat3", GESTURE_HEADER, "holds no events"),
        ("aedat3", GESTURE_HEADER + header(1)[:20], "ends within the header of the packet at byte"),
        ("aedat3", aedat3_bytes(GOOD)[:-1], "is damaged or not complete"),
        ("aedat3", GESTURE_HEADER + header(2**30, size=2**30), "is damaged or not complete"),
        ("aedat3", GESTURE_HEADER + header(-1, room=0), "is damaged: -1 events of 8 bytes in a packet for 0"),
        ("aedat3", GESTURE_HEADER + header(2, room=1) + bytes(8), "is damaged: 2 events of 8 bytes in a packet for 1"),
        ("aedat3", GESTURE_HEADER + header(1, size=0), "is damaged: 1 events of 0 bytes"),
        ("aedat3", GESTURE_HEADER + header(1, size=12) + bytes(12), "has polarity events of 12 bytes with the time at 4"),
        ("aedat3", GESTURE_HEADER + packet(LATE_FIRST), "event 1 is at 3 us, after one at 9 us"),
        (
            "aedat3",
            GESTURE_HEADER + packet(GOOD) + packet(([1], [1], [0], [2])),
            "begins at 2 us, after one that ends at 6 us",
        ),
        ("aedat3", GESTURE_HEADER + packet(GOOD) + packet(GOOD, source=2), "has events of the sources 1 and 2"),
        ("aedat3", GESTURE_HEADER + packet(([128], [0], [0], [0])), "event 0 has x = 128: must be 0 to 127"),
        ("aedat3", GESTURE_HEADER + header(1) + polarity_event(1, 1, 1, 5, valid=0), "holds no events"),
    ],
)
def test_bad_files_are_refused_by_name(kind, content, message, tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(FileError, match=message) as found:
        READERS[kind](path)
    assert str(found.value).startswith(str(path))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("kind", READERS)
def test_what_is_no_file_is_refused(kind, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    for path, message in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "is a pipe"),
        (tmp_path / "zeros", "is a device"),
    ):
        with pytest.raises(FileError, match=message):
            READERS[kind](path)


@pytest.mark.parametrize(("kind", "start"), [("atis", b""), ("aedat2", HEADER_2)])
def test_a_file_larger_than_memory_is_not_read(kind, start, tmp_path):
    path = tmp_path / "a.bin"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + 10 * 2**40)  # takes no space on the disk
    with pytest.raises(FileError, match=r"would take about [\d.]+ TiB of memory"):
        READERS[kind](path)


@pytest.mark.parametrize("kind", READERS)
def test_no_byte_changed_at_random_gives_another_error(kind, tmp_path):
    random = np.random.default_rng(3)
    events = [column[:30] for column in moving_dot(0, 1, 34, events=30)]
    content = {"atis": atis_bytes, "aedat2": aedat2_bytes, "aedat3": lambda one: aedat3_bytes(one, 9)}[kind](events)
    for _ in range(200):
        damaged = bytearray(content)
        for place in random.integers(0, len(damaged), 2):
            damaged[place] = random.integers(0, 256)
        (tmp_path / "a.bin").write_bytes(bytes(damaged[: random.integers(0, len(damaged) + 1)]))
        try:
            READERS[kind](tmp_path / "a.bin")
        except FileError:
            continue
