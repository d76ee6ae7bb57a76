"""Wav files by bytes written by hand from the table in the module."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from hrsnn.errors import FileError
from hrsnn.formats.wav import read_wav, wav_header

GUID = bytes.fromhex("0000000010008000 00aa00389b71".replace(" ", ""))


def wav(
    data: bytes, tag: int = 1, channels: int = 1, bits: int = 16, rate: int = 8000, order: str = "<", **other: Any
) -> bytes:
    """Return a file of the chunks fmt and data; `other` replaces what follows from the rest."""
    frame = other.get("frame", channels * bits // 8)
    form = struct.pack(f"{order}HHLLHH", tag, channels, rate, other.get("second", rate * frame), frame, bits)
    form += other.get("more", b"")
    chunks = b"fmt " + struct.pack(f"{order}L", len(form)) + form + other.get("between", b"")
    chunks += b"data" + struct.pack(f"{order}L", len(data)) + data + bytes(len(data) % 2)
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}L", 4 + len(chunks)) + b"WAVE" + chunks


EXTENSIBLE = {"tag": 0xFFFE, "more": struct.pack("<HHL", 22, 24, 1) + struct.pack("<H", 1) + GUID}


@pytest.mark.parametrize(
    ("content", "samples"),
    [
        (wav(bytes([0, 128, 255]), bits=8), [-1, 0, 127 / 128]),
        (wav(struct.pack("<3h", -32768, 1, 32767)), [-1, 1 / 32768, 32767 / 32768]),
        (wav(struct.pack(">2h", -32768, 1), order=">"), [-1, 1 / 32768]),
        (wav(bytes.fromhex("000080 010000 ffffff 000040"), bits=24), [-1, 2**-23, -(2**-23), 0.5]),
        (wav(bytes.fromhex("800000 000001 400000"), bits=24, order=">"), [-1, 2**-23, 0.5]),
        (wav(struct.pack("<2l", -(2**31), 2**30), bits=32), [-1, 0.5]),
        (wav(struct.pack("<2f", -0.25, 1.5), tag=3, bits=32), [-0.25, 1.5]),
        (wav(struct.pack(">2d", -0.25, 0.1), tag=3, bits=64, order=">"), [-0.25, 0.1]),
        (wav(bytes.fromhex("000040"), bits=24, **EXTENSIBLE), [0.5]),
        (wav(struct.pack("<h", 16384), more=b"\0\0"), [0.5]),
        (wav(struct.pack("<h", 16384), between=b"LIST" + struct.pack("<L", 3) + b"abc\0"), [0.5]),
    ],
)
def test_samples(content: bytes, samples: list[float], tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    rate, found = read_wav(path)
    assert rate == 8000
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, samples)
    assert wav_header(path).times == len(samples)


def test_channels_are_averaged_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(struct.pack("<4h", 16384, 0, -32768, 32767 - 32767), channels=2))
    np.testing.assert_array_equal(read_wav(path, average=True)[1], [0.25, -0.5])
    with pytest.raises(FileError, match=r"a\.wav: has 2 channels, wanted one \(mono\)"):
        read_wav(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_files_of_scipy(dtype: type, tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 101)
    scale = {"u": 127, "i": np.iinfo(dtype).max if np.dtype(dtype).kind == "i" else 0, "f": 1}[np.dtype(dtype).kind]
    stored = (values * scale + (128 if dtype is np.uint8 else 0)).astype(dtype)
    wavfile.write(tmp_path / "a.wav", 44100, stored)
    rate, found = read_wav(tmp_path / "a.wav")
    assert rate == 44100
    np.testing.assert_allclose(found, values, atol=0.02 if dtype is np.uint8 else 1e-4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(b"ab", tag=7, bits=8), r"has the format 0x0007, wanted 0x0001 \(whole numbers\) or 0x0003 \(floats\)"),
        (wav(b"ab", bits=12, frame=1), "has integers of 12 bits, wanted 8, 16, 24, 32"),
        (wav(b"abcd", tag=3), "has floats of 16 bits, wanted 32, 64"),
        (wav(b"abcd", frame=4), "1 channels of 16 bits at 8000 Hz, in blocks of 4 bytes"),
        (wav(b"abcd", second=9), "in blocks of 2 bytes, 9 bytes a second"),
        (wav(b"abcd", channels=0, frame=0), "damaged .* 0 channels of 16 bits"),
        (wav(b"abcd", rate=0), "1 channels of 16 bits at 0 Hz"),
        (wav(b"abc"), "3 bytes of samples are no whole number of 2"),
        (wav(b""), "holds no sound"),
        (wav(struct.pack("<2f", 0, np.nan), tag=3, bits=32), "sample 1 is nan, wanted a finite number"),
        (wav(struct.pack("<2f", -np.inf, 0), tag=3, bits=32), "sample 0 is -inf, wanted a finite number"),
        (b"", "does not begin as a wav file does"),
        (wav(b"abcd")[:-2], "a part of 4 bytes in a file of 46"),
        (wav(b"abcd") + b"xy", "a part of 0 bytes in a file of 50"),
        (wav(b"abcd", between=wav(b"")[12:36]), "has 2 parts 'fmt ', wanted one"),
        (b"RIFF\x14\0\0\0WAVEfmt \0\0\0\0data\0\0\0\0", "a part 'fmt ' of 0 bytes, wanted 16 or more"),
    ],
)
def test_what_is_wrong_with_a_file(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"a\.wav: .*{message}") as refused:
        read_wav(path)
    assert "\n" not in str(refused.value)


def test_a_sound_larger_than_memory_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.wav").write_bytes(wav(bytes(100_000), bits=8))
    for memory in ("5e5", "9e5"):  # by the size of the file, and by the number of its samples
        monkeypatch.setenv("HRSNN_MAX_MEMORY", memory)
        with pytest.raises(FileError, match=r"would take about .* of memory"):
            wav_header(tmp_path / "a.wav")
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "2e6")
    assert len(read_wav(tmp_path / "a.wav")[1]) == 100_000
