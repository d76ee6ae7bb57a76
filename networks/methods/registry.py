"""Registry of the pruning methods, and a method by its name."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from hrsnn.errors import InputError
from hrsnn.networks.methods.contract import Method, PruningMethod
from hrsnn.runtime.registry import Registry
from hrsnn.validation.annotations import check_of
from hrsnn.validation.units import takes

_HERE = "hrsnn.networks.methods"
#: Methods of this package and of installed ones.
METHODS: Registry[Method] = Registry(
    "method",
    "hrsnn.methods",
    Method,
    {
        "lnp": f"{_HERE}.lyapunov_noise:METHOD",
        "noise": f"{_HERE}.weight_noise:METHOD",
        "drive": f"{_HERE}.drive:METHOD",
        "signal": f"{_HERE}.signal:METHOD",
        "activity": f"{_HERE}.activity:METHOD",
        "activity_neurons": f"{_HERE}.activity_neurons:METHOD",
        "magnitude": f"{_HERE}.magnitude:METHOD",
        "random": f"{_HERE}.uniform:METHOD",
        "erdos_renyi": f"{_HERE}.erdos_renyi:METHOD",
    },
)


@takes()
def pruning_method(name: str, **options: Any) -> PruningMethod:
    """Return a method by its name.

    Parameters
    ----------
    name : str
        Name in ``METHODS``.
    **options
        Settings of the method.

    Raises
    ------
    InputError
        For an unknown name, a setting that the method does not have, or a value of another type than its annotation.

    Examples
    --------
    >>> pruning_method("random")
    RandomPruning()
    """
    method: Any = METHODS.find(name).method
    settings = {one.name: one.type if isinstance(one.type, str) else one.type.__name__ for one in dataclasses.fields(method)}
    known = list(settings)
    for option in options:
        if option not in known:
            close = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError(option, options[option], f"{hint}method {name!r} has only {', '.join(known) or 'none'}")
        check = check_of(settings[option])
        if check is not None:
            options[option] = check(option, options[option])
    made: PruningMethod = method(**options)
    return made
