"""Small tasks and networks, trained once for all tests of deep networks."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames, frames_of  # noqa: E402
from hrsnn.tasks import load_task  # noqa: E402


@pytest.fixture(scope="session")
def digits() -> tuple[Frames, Frames]:
    """Digits of 8 x 8 pixels: a training and a validation part."""
    return frames_of(load_task("digits").subset(train=400, test=200).validation_part())
