"""The packed recordings of the data folder as the wavs that the task reads."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np
from scipy.io import wavfile


def write_recordings(
    data_folder: Path,
    folder: Path,
    indices: Container[int] = range(50),
    speakers: Container[str] | None = None,
    digits: Container[int] = range(10),
) -> Path:
    """Write ``folder/recordings/{digit}_{speaker}_{index}.wav`` from ``data_folder/fsdd/fsdd.npz``; returns `folder`.

    `indices`, `speakers` and `digits` say which recordings are wanted; an index below 5 is of the official test part.
    """
    with np.load(data_folder / "fsdd" / "fsdd.npz", allow_pickle=False) as packed:
        samples, offset = packed["samples"], packed["offset"]
        names = [str(name) for name in packed["speaker_names"]]
        about = list(zip(packed["digit"].tolist(), packed["speaker"].tolist(), packed["index"].tolist(), strict=True))
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    for place, (digit, speaker, index) in enumerate(about):
        if index in indices and digit in digits and (speakers is None or names[speaker] in speakers):
            sound = samples[offset[place] : offset[place + 1]]
            wavfile.write(recordings / f"{digit}_{names[speaker]}_{index}.wav", 8000, sound)
    return folder
