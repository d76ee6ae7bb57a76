"""Files of event cameras in their official layouts, from arrays x, y, p, t (us)."""

from __future__ import annotations

import struct
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import numpy as np

#: Columns x, y, p, t of one recording.
Columns = Sequence[Any]

GESTURE_HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-05-03\r\n#!END-HEADER\r\n"


def atis_bytes(events: Columns) -> bytes:
    """Return events as a ``.bin`` of N-MNIST."""
    x, y, p, t = (np.asarray(column, np.int64) for column in events)
    assert t.max(initial=0) < 2**23
    return np.stack([x, y, p << 7 | t >> 16, t >> 8 & 0xFF, t & 0xFF], axis=1).astype(np.uint8).tobytes()


def aedat2_bytes(events: Columns) -> bytes:
    """Return events as an AEDAT 2.0 recording of CIFAR10-DVS, whose reader turns the camera's axes."""
    x, y, p, t = (np.asarray(column, np.int64) for column in events)
    address = (127 - x) << 8 | (127 - y) << 1 | (1 - p)
    body = np.stack([address, t % 2**32], axis=1).astype(">u4").tobytes()
    return b"#!AER-DAT2.0\r\n# This is a raw AE data file\r\n" + body


def packet(events: Columns, kind: int = 1, overflow: int = 0, source: int = 1) -> bytes:
    """Return events as one packet of AEDAT 3.1."""
    x, y, p, t = (np.asarray(column, np.int64) for column in events)
    word = (x << 17 | y << 2 | p << 1 | 1).astype("<u4")
    body = np.stack([word, (t - (overflow << 31)).astype("<u4")], axis=1).tobytes()
    return struct.pack("<hhiiiiii", kind, source, 8, 4, overflow, len(t), len(t), len(t)) + body


def aedat3_bytes(events: Columns, length: int = 1000) -> bytes:
    """Return events as an AEDAT 3.1 recording, in packets of `length` events, with packets of other kinds between them."""
    parts = [GESTURE_HEADER]
    for begin in range(0, len(events[3]), length):
        part = [np.asarray(column)[begin : begin + length] for column in events]
        special = struct.pack("<hhiiiiii", 0, 1, 8, 4, 0, 1, 1, 1) + struct.pack("<Ii", 0xFFFFFFFF, 0)
        parts += [special, packet(part)]
    return b"".join(parts)


def write_nmnist(data_folder: Path, folder: Path, rows: Container[int], test: Container[int]) -> Path:
    """Write recordings of the packed N-MNIST as ``folder/{Train,Test}/DIGIT/NUMBER.bin``; `test` says which are of Test."""
    with np.load(data_folder / "nmnist" / "nmnist_1k.npz", allow_pickle=False) as packed:
        columns = [packed[name] for name in "xypt"]
        offset, label, sample = packed["offset"], packed["label"], packed["sample"]
    for row in range(len(label)):
        if row in rows:
            place = folder / ("Test" if row in test else "Train") / str(label[row])
            place.mkdir(parents=True, exist_ok=True)
            events = [column[offset[row] : offset[row + 1]] for column in columns]
            (place / f"{sample[row]:05d}.bin").write_bytes(atis_bytes(events))
    return folder


def gesture_table(rows: Sequence[tuple[int, int, int]]) -> str:
    """Return class, start and end (us) of gestures as a table of DVS128 Gesture."""
    return "\n".join(["class,startTime_usec,endTime_usec", *(",".join(map(str, row)) for row in rows), ""])


def write_gesture_trial(
    folder: Path, name: str, gestures: Sequence[tuple[int, Columns]], gap: int = 100_000, lasting: int = 1_450_000
) -> Path:
    """Write a recording of gestures (class, events) one after the other, with its table; returns the ``.aedat``."""
    folder.mkdir(parents=True, exist_ok=True)
    columns, rows, start = [], [], gap
    for label, (x, y, p, t) in gestures:
        columns.append([np.asarray(x), np.asarray(y), np.asarray(p), np.asarray(t, np.int64) + start])
        rows.append((label, start, start + lasting))
        start += lasting + gap
    joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
    path = folder / f"{name}.aedat"
    path.write_bytes(aedat3_bytes(joined))
    (folder / f"{name}_labels.csv").write_text(gesture_table(rows))
    return path


def write_dvs_gesture(data_folder: Path, folder: Path) -> Path:
    """Write the ten packed gestures as two recordings, one to train on and one to test on, each with all ten classes."""
    with np.load(data_folder / "dvs_gesture" / "dvs_gesture_10.npz", allow_pickle=False) as packed:
        columns = [packed[name] for name in "xypt"]
        offset, label = packed["offset"], packed["label"]
    gestures = [
        (int(label[row]) + 1, [column[offset[row] : offset[row + 1]] for column in columns]) for row in range(len(label))
    ]
    for part, user in (("train", "user01_led"), ("test", "user24_led")):
        write_gesture_trial(folder, user, gestures)
        (folder / f"trials_to_{part}.txt").write_text(f"{user}.aedat\n")
    return folder


def moving_dot(label: int, seed: int, side: int = 128, events: int = 40, lasting: int = 60_000) -> list[np.ndarray]:
    """Return events of a dot near a place that depends on the label, with noise."""
    random = np.random.default_rng([label, seed])
    t = np.sort(random.integers(0, lasting, events))
    x, y = (np.clip(centre + random.integers(-4, 5, events), 0, side - 1) for centre in (side // 4, (label + 1) * side // 4))
    return [x, y, random.integers(0, 2, events), t]


def tiny_nmnist(folder: Path) -> Path:
    """Write a data set of two digits in the layout of N-MNIST."""
    for part, count in (("Train", 16), ("Test", 5)):
        for digit in (0, 1):
            place = folder / part / str(digit)
            place.mkdir(parents=True)
            for index in range(count):
                events = moving_dot(digit, index + 100 * (part == "Test"), 34)
                (place / f"{index:05d}.bin").write_bytes(atis_bytes(events))
    return folder


def tiny_dvs_gesture(folder: Path) -> Path:
    """Write a data set of two gestures, eight times each to train on and three to test on."""
    for part, users in (("train", range(1, 9)), ("test", range(24, 27))):
        names = [f"user{user:02d}_led" for user in users]
        for user, name in zip(users, names, strict=True):
            gestures = [(label, moving_dot(label, user)) for label in (1, 2)]
            write_gesture_trial(folder, name, gestures, lasting=60_000)
        (folder / f"trials_to_{part}.txt").write_text("\n".join(f"{name}.aedat" for name in names) + "\n")
    return folder


def tiny_cifar10_dvs(folder: Path) -> Path:
    """Write a data set of two classes in the layout of CIFAR10-DVS."""
    for label, name in enumerate(("cat", "ship")):
        (folder / name).mkdir()
        for index in range(40):
            x, y, p, t = moving_dot(label, index)
            (folder / name / f"cifar10_{name}_{index}.aedat").write_bytes(aedat2_bytes([x, y, p, t + 7_000_000]))
    return folder


def tiny_events(folder: Path) -> Path:
    """Write a file of arrays with recordings of two classes."""
    labels = np.arange(48) % 2
    recordings = [moving_dot(label, index, 20) for index, label in enumerate(labels.tolist())]
    columns = {name: np.concatenate(parts) for name, parts in zip("xypt", zip(*recordings, strict=True), strict=True)}
    path = folder / "mine.npz"
    offset = np.concatenate([[0], np.cumsum([len(one[3]) for one in recordings])])
    np.savez_compressed(path, **columns, offset=offset, label=np.array(["left", "right"])[labels], height=20, width=20)
    return path
