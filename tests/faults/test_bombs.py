"""The confinement of bombs, some of them, and what counts as rising in a soak."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from bombs import BOMBS, confined, readers
from soak import COLUMNS, rising

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="children are watched by pidfd")


def endless() -> None:
    """Never return."""
    while True:
        pass


@LINUX
@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (lambda: None, "result"),
        (lambda: np.ones(2**28), "memory"),
        (lambda: 1 / 0, "traceback"),
        (lambda: readers()["Reservoir.load"][1](Path("/dev/zero")), "refused"),
    ],
    ids=["result", "memory", "traceback", "refused"],
)
def test_what_a_confined_call_did(call, outcome: str) -> None:
    assert confined(call).outcome == outcome


@LINUX
def test_a_call_without_end_is_interrupted() -> None:
    assert confined(endless, seconds=0).outcome == "interrupted"


@LINUX
@pytest.mark.parametrize(
    ("reader", "bomb"),
    [("wav", "length"), ("IDX", "shape"), ("pickle", "length"), ("GraphML", "entities"), ("JSON", "depth")],
)
def test_a_bomb_is_refused_within_a_gigabyte(reader: str, bomb: str, tmp_path: Path) -> None:
    name, read = readers()[reader]
    BOMBS[Path(name).suffix][bomb](tmp_path / name)
    ended = confined(lambda: read(tmp_path / name))
    assert (ended.outcome, name in ended.said) == ("refused", True), ended


def test_a_curve_that_rises_is_named() -> None:
    flat = np.tile([0.0, 1, 100, 9, 1, 0], (9, 1))
    assert rising(flat) == []
    for column, name in enumerate(COLUMNS[2:], 2):
        slope = np.zeros(6)
        slope[column] = 9
        assert [line.partition(":")[0] for line in rising(flat + np.outer(np.arange(9), slope))] == [name]
