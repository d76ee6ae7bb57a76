"""Small data of every kind that a user may bring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import wavfile

from hrsnn import SpikeTrains


def table(folder: Path) -> Path:
    rows = [f"{k},{np.sin(k / 4):.4f},{np.cos(k / 9):.4f}" for k in range(900)]
    (folder / "wind.csv").write_text("\n".join(["time,speed,gust", *rows]))
    return folder / "wind.csv"


def sounds(folder: Path) -> Path:
    for pitch, name in ((0.2, "low"), (0.6, "high")):
        (folder / "sounds" / name).mkdir(parents=True)
        for k in range(8):
            wave = np.sin(np.arange(800 + 100 * k) * pitch) * 20_000
            wavfile.write(folder / "sounds" / name / f"{k}.wav", 8000, wave.astype(np.int16))
    return folder / "sounds"


def pictures(folder: Path) -> Path:
    random = np.random.default_rng(0)
    for k in range(24):
        pixels = random.integers(0, 120, (4, 4)) + 100 * (np.arange(4) < 2 if k % 2 else np.arange(4) >= 2)
        place = folder / "pictures" / ("left" if k % 2 else "right") / f"{k}.pgm"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"P5 4 4 255 " + pixels.astype(np.uint8).tobytes())
    return folder / "pictures"


def events(folder: Path) -> Path:
    random, labels = np.random.default_rng(0), np.arange(16) % 2
    x = np.concatenate([random.integers(4 * label, 4 * label + 4, 60) for label in labels])
    t = np.concatenate([np.sort(random.integers(0, 50_000, 60)) for _ in labels])
    other = random.integers(0, 8, len(x)), random.integers(0, 2, len(x))
    np.savez(folder / "recordings.npz", x=x, y=other[0], p=other[1], t=t, offset=np.arange(17) * 60, label=labels)
    return folder / "recordings.npz"


def arrays(folder: Path) -> Path:
    images, labels = np.random.default_rng(0).integers(0, 100, (24, 5, 5)), np.arange(24) % 2
    images[labels == 1, :, :2] += 150
    np.savez(folder / "images.npz", x=images.astype(np.uint8), y=labels)
    return folder / "images.npz"


def trains(folder: Path) -> Path:
    samples = [(np.linspace(1, 40, 10 + 10 * (k % 2)), [k % 2] * (10 + 10 * (k % 2))) for k in range(16)]
    SpikeTrains.from_samples(samples, 2, 50.0).save(folder / "trains.npz", labels=np.arange(16) % 2)
    return folder / "trains.npz"


def series(folder: Path) -> Path:
    for part in ("TRAIN", "TEST"):
        lines = [
            ",".join(f"{np.sin(t / (2 + 3 * (k % 2))):.3f}" for t in range(15 + k)) + f":{'ab'[k % 2]}" for k in range(12)
        ]
        (folder / f"Waves_{part}.ts").write_text("\n".join(["@classLabel true a b", "@data", *lines]))
    return folder / "Waves_TEST.ts"
