"""Samples that stay in their files until they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.stimuli.sample_index import sample_rows


@dataclass(frozen=True, eq=False)
class SampleFiles(Sequence[Any]):
    """Sequence of samples that are read anew each time, so that only the samples in use take memory.

    Parameters
    ----------
    places : sequence
        Where each sample is, such as its path: whatever `read` takes.
    read : callable
        Function from a place to the sample.

    Notes
    -----
    A whole number gives a sample. A slice, whole numbers or a mask give the selected samples, unread, as
    :meth:`~hrsnn.tasks.ClassificationTask.subset` and scikit-learn's splits need. The first step of the task's encoder
    reads them, one at a time.

    Examples
    --------
    >>> squares = SampleFiles(range(5), lambda place: np.full(2, place**2))
    >>> len(squares), squares[2], list(squares[[3, 4]])
    (5, array([4, 4]), [array([9, 9]), array([16, 16])])
    """

    places: Sequence[Any]
    read: Callable[[Any], Any]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            return self.read(self.places[int(key)])
        return SampleFiles([self.places[row] for row in sample_rows(key, len(self))], self.read)

    def __iter__(self) -> Iterator[Any]:
        return map(self.read, self.places)

    @property
    def shape(self) -> tuple[int]:
        """(samples,), by which scikit-learn counts them."""
        return (len(self),)
