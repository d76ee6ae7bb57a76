"""Commands in this process, for all tests of the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hrsnn import scripts


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Run ``hrsnn ...`` in this process: its exit code and all it wrote, whoever wrote it."""

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        code = scripts.main([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    yield run
    # a command leaves the process as it was
    assert logging.getLogger("hrsnn").handlers == []
