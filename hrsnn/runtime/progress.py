"""Progress of long computations, as a bar on standard error or by calls of a function."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np

from hrsnn.errors import InputError


@contextlib.contextmanager
def progress_bar(
    progress: bool | Callable[[float, float], None], total: float, unit: str
) -> Iterator[Callable[[float], None]]:
    """Context that yields a function to report how much of `total` is done.

    Parameters
    ----------
    progress : bool or callable
        False: show nothing. True: show a bar on stderr after two seconds. A callable gets (done, total).
    total : float
    unit : str
        Unit of `total`.

    Raises
    ------
    InputError
        When `progress` is neither.

    Examples
    --------
    >>> seen = []
    >>> with progress_bar(lambda done, total: seen.append(done / total), total=10, unit="steps") as done:
    ...     done(5)
    >>> seen
    [0.5]
    """
    if callable(progress):
        tell = progress
        yield lambda done: tell(done, total)
    elif not isinstance(progress, (bool, np.bool_)):
        raise InputError("progress", progress, "must be True, False or a function")
    elif progress:
        from tqdm import tqdm

        with tqdm(total=round(total), unit=f" {unit}", delay=2, leave=False, dynamic_ncols=True) as bar:
            yield lambda done: bar.update(round(done) - bar.n)
    else:
        yield lambda done: None
