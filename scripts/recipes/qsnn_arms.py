"""Arms and options that the recipes of Wei et al. (2024) share: networks of few bits, with and without dual regulation."""

from __future__ import annotations

from collections.abc import Mapping

from hrsnn.scripts.recipes.deep_runs import OPTIONS, Arm

#: Steps that images are shown for.
STEPS = 2
FULL = "32w-32u"
BITS = (8, 4, 2)
#: Options of these recipes: ``reproduce`` is the reading of the paper (:func:`hrsnn.deep.precision.precision_of`).
QSNN_OPTIONS: Mapping[str, str | int] = {**OPTIONS, "reproduce": "ours"}


def full() -> Arm:
    """Return the network in floating point."""
    from hrsnn.deep.neurons import LIF
    from hrsnn.deep.precision import Precision

    return Arm(LIF, Precision())


def quantised(bits: int, regulate: bool, reproduce: str, weight_bits: int = 1) -> Arm:
    """Return the network with weights of one bit, or of `weight_bits`, and potentials of `bits`.

    Raises
    ------
    InputError
        For an unknown reading of the paper.
    """
    from hrsnn.deep.neurons import LIF
    from hrsnn.deep.precision import precision_of

    return Arm(LIF, precision_of(weight_bits, bits, regulate, reproduce))


def named(bits: int, regulate: bool) -> str:
    """Return the name of such a network.

    Examples
    --------
    >>> named(2, True), named(2, False)
    ('1w-2u, WS-DR', '1w-2u, without')
    """
    return f"1w-{bits}u, {'WS-DR' if regulate else 'without'}"
