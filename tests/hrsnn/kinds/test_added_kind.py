"""A kind that is added to the registry passes its tests, and goes through the commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from toy_kind import ENGINE, TOY

from hrsnn.engines import ENGINES
from hrsnn.kinds import KINDS
from hrsnn.testing import KindCases


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    with KINDS.added("toy", TOY), ENGINES.added("toy", ENGINE):
        yield


class TestToyKind(KindCases):
    """The contract."""

    kind = "toy"
