"""Wall time by part of a run."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("hrsnn")


class Stopwatch:
    """Wall time by part: ``with stopwatch("part"): ...``; a part that comes again adds to its time.

    Parameters
    ----------
    announced : bool
        Whether the log says when a part begins for the first time.
    """

    def __init__(self, announced: bool = True) -> None:
        self.announced = announced
        self.seconds: dict[str, float] = {}  #: by part

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        if self.announced and part not in self.seconds:
            logger.info("%s ...", part)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start
