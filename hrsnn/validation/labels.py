"""Labels of neurons, such as the names of a graph's nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.arrays import frozen
from hrsnn.validation.limits import check_name, limit
from hrsnn.validation.units import plain

#: Numbers or strings that identify groups.
Labels = ArrayLike


def labels_of(names: Sequence[Any]) -> np.ndarray | None:
    """Return the names of the nodes of a graph as an array; None where they are 0, 1, 2, ...

    Parameters
    ----------
    names : sequence
        If all are integers they are kept as such; otherwise they are converted by ``str``.

    Raises
    ------
    InputError
        When two nodes would have the same name, or a name cannot be printed.

    Examples
    --------
    >>> labels_of(["AVAL", "AVAR"])
    array(['AVAL', 'AVAR'], dtype='<U4')
    >>> labels_of([0, 1]) is None
    True
    """
    if all(is_whole(name) for name in names):
        if list(names) == list(range(len(names))):
            return None
        return checked_labels(names, len(names))
    return checked_labels([str(name) for name in names], len(names))


def checked_cell_types(cell_types: Any, neurons: int) -> np.ndarray:
    """Return `cell_types` as a read-only array of one printable string for each neuron; "" where it is not known.

    Raises
    ------
    InputError
        When `cell_types` are anything else.

    Examples
    --------
    >>> checked_cell_types(["Kenyon", ""], 2)
    array(['Kenyon', ''], dtype='<U6')
    """
    cell_types = plain(cell_types, "", "cell_types")
    longest = int(limit("name"))
    array = np.asarray(cell_types)
    if array.shape != (neurons,) or array.dtype.kind != "U":
        raise InputError("cell_types", array, f"must be {neurons} strings, one a neuron")
    for name in np.unique(array).tolist():
        if not name.isprintable() or len(name) > longest:
            raise InputError("cell_types", name, f"must be printable, of at most {longest} characters")
    return frozen(array, array.dtype)


def checked_labels(labels: Any, neurons: int) -> np.ndarray:
    """Return `labels` as a read-only array of one distinct integer or string for each neuron.

    Raises
    ------
    InputError
        When `labels` are anything else.

    Examples
    --------
    >>> checked_labels(["a", "a"], 2)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: labels = 'a': must be distinct
    """
    labels = plain(labels, "", "labels")
    longest = int(limit("name"))
    for name in labels if isinstance(labels, (list, tuple)) else ():  # one long string would widen all of the array
        if isinstance(name, str):
            check_name("labels", name)
    array = np.asarray(labels)
    if array.shape != (neurons,):
        raise InputError("labels", array.shape, f"must have shape ({neurons},): one a neuron")
    if array.dtype.kind not in "iuU":
        raise InputError("labels", array, "must be whole numbers or strings")
    if array.dtype.kind == "U":
        for name in array.tolist():
            if not name or not name.isprintable() or len(name) > longest:
                raise InputError("labels", name, f"must be printable, of 1 to {longest} characters")
    elif array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise InputError("labels", array.max(), "must be below 2^63")
    names, count = np.unique(array, return_counts=True)
    if (count > 1).any():
        raise InputError("labels", names[np.argmax(count)], "must be distinct")
    return frozen(array, np.int64 if array.dtype.kind in "iu" else array.dtype)
