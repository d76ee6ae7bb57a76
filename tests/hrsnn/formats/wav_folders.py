"""Writers of folders of wav files, a folder each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import wavfile

from hrsnn.runtime.seeds import generator


def write_tones(folder: Path, rate: int = 8000, number: int = 12) -> Path:
    """Write noisy tones of two pitches and many lengths, ``high/0.wav`` and ``low/0.wav`` and so on."""
    random = generator(0, "tones of a folder")
    for name, pitch in (("low", 300), ("high", 1500)):
        (folder / name).mkdir(parents=True)
        for index in range(number):
            time = np.arange(rate // 8 + 40 * index) / rate
            sound = np.sin(2 * np.pi * pitch * time) + random.normal(0, 0.05, len(time))
            wavfile.write(folder / name / f"{index}.wav", rate, (8000 * sound).astype(np.int16))
    return folder


def write_digit_folders(data_folder: Path, folder: Path) -> Path:
    """Write the recordings of FSDD as ``train/DIGIT/*.wav`` and ``test/DIGIT/*.wav``, by their official split."""
    with np.load(data_folder / "fsdd" / "fsdd.npz", allow_pickle=False) as packed:
        samples, offset, split = packed["samples"], packed["offset"], packed["split"]
        about = zip(packed["digit"].tolist(), packed["speaker"].tolist(), packed["index"].tolist(), strict=True)
        for place, (digit, speaker, index) in enumerate(about):
            inner = folder / ("test" if split[place] else "train") / str(digit)
            inner.mkdir(parents=True, exist_ok=True)
            wavfile.write(inner / f"{speaker}_{index}.wav", 8000, samples[offset[place] : offset[place + 1]])
    return folder
