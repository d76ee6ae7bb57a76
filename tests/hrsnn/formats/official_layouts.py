"""Write the packed slices of the data folder as the official files of their data sets.

``python tests/hrsnn/formats/official_layouts.py DIR`` takes the folder that ``HRSNN_DATA`` names, and makes DIR, with which
every command runs: ``hrsnn classify --data DIR --task nmnist``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # run as a file: the writers beside it, and that of the spoken digits
    sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("formats", "tasks")]

from event_files import write_dvs_gesture, write_nmnist
from fsdd_adapter import write_recordings
from image_layouts import write_cifar10, write_mnist


def mnist(data_folder: Path, folder: Path) -> Path:
    """Write the 10 000 and 2000 images as the four IDX files."""
    with np.load(data_folder / "mnist" / "mnist_10k.npz", allow_pickle=False) as packed:
        parts = {"train": (packed["x_train"], packed["y_train"]), "t10k": (packed["x_test"], packed["y_test"])}
    return write_mnist(folder / "mnist", parts, packed=True)


def cifar10(data_folder: Path, folder: Path) -> Path:
    """Write the 6000 and 1000 images as batches."""
    with np.load(data_folder / "cifar10" / "cifar10_6k.npz", allow_pickle=False) as packed:
        train, test = ((packed[f"x_{part}"], packed[f"y_{part}"]) for part in ("train", "test"))
    return write_cifar10(folder / "cifar-10-batches-py", train, test)


def nmnist(data_folder: Path, folder: Path) -> Path:
    """Write the 1000 training recordings, the last 200 of them as the test part, as ``.bin`` files."""
    return write_nmnist(data_folder, folder / "N-MNIST", range(1000), range(800, 1000))


def dvs_gesture(data_folder: Path, folder: Path) -> Path:
    """Write the ten recordings as AEDAT 3.1 with their tables of labels."""
    return write_dvs_gesture(data_folder, folder / "DvsGesture")


def fsdd(data_folder: Path, folder: Path) -> Path:
    """Write the 3000 recordings as wav files."""
    return write_recordings(data_folder, folder / "free-spoken-digit-dataset")


def ts(data_folder: Path, folder: Path) -> Path:
    """Copy the files of the archive, one folder a data set."""
    for file in sorted((data_folder / "ts").glob("*.ts")):
        inner = folder / "ts" / file.stem.rpartition("_")[0]
        inner.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, inner / file.name)
    return folder / "ts"


#: Data sets by the name of their task.
LAYOUTS: Mapping[str, Callable[[Path, Path], Path]] = {
    "cifar10": cifar10,
    "dvs_gesture": dvs_gesture,
    "fsdd": fsdd,
    "mnist": mnist,
    "nmnist": nmnist,
    "ts": ts,
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or "HRSNN_DATA" not in os.environ:
        sys.exit(f"usage: HRSNN_DATA=FOLDER {sys.argv[0]} DIR")
    for name, write in LAYOUTS.items():
        print(f"{name}: {write(Path(os.environ['HRSNN_DATA']), Path(sys.argv[1]))}", flush=True)
