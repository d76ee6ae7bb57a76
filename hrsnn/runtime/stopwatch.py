"""Wall time of the parts of a run."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("hrsnn")


class Stopwatch:
    """Timer of the parts of a run: ``with stopwatch("part"): ...``; the times of a repeated part are added.

    Parameters
    ----------
    announced : bool
        Whether the first start of each part is logged.
    """

    def __init__(self, announced: bool = True) -> None:
        self.announced = announced
        self.seconds: dict[str, float] = {}  #: wall time by part

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        if self.announced and part not in self.seconds:
            logger.info("%s ...", part)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start
