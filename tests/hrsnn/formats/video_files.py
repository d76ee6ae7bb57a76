"""Writers of tiny avi files, and of a folder of actions in the layout of KTH."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hrsnn.runtime.seeds import generator
from hrsnn.tasks.kth import CLASSES, TEST, TRAINING, VALIDATION


def write_avi(path: Path, frames: np.ndarray, codec: str = "mjpeg", rate: int = 25) -> Path:
    """Write grey frames, (frames, height, width) of uint8, by PyAV."""
    import av

    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def bar(action: str, shift: int = 0, frames: int = 12, height: int = 24, width: int = 32) -> np.ndarray:
    """Return a bright bar of its own speed, direction and width for each action."""
    number = CLASSES.index(action)
    video = np.full((frames, height, width), 40, np.uint8)
    for time in range(frames):
        place = (shift + time * (1 + number % 3)) % (width if number < 3 else height)
        view = video[time] if number < 3 else video[time].T
        view[:, place : place + 3 + number % 3] = 220
    return video


def write_actions(
    folder: Path,
    persons: Iterable[int] = (TRAINING[0], TRAINING[1], VALIDATION[0], VALIDATION[-1], TEST[0], TEST[1]),
    actions: Iterable[str] = CLASSES,
    scenes: Iterable[int] = (1, 2),
    codec: str = "mjpeg",
) -> Path:
    """Write ``ACTION/personNN_ACTION_dK_uncomp.avi``, videos of bars that start where the person and the scene say."""
    random = generator(0, "actions")
    for action in actions:
        (folder / action).mkdir(parents=True)
        for person in persons:
            for scene in scenes:
                video = bar(action, 4 * person + scene, height=30, width=40)  # so that 20 blocks fill the width
                noisy = np.clip(video + random.normal(0, 3, video.shape), 0, 255).astype(np.uint8)
                write_avi(folder / action / f"person{person:02d}_{action}_d{scene}_uncomp.avi", noisy, codec)
    return folder
