"""How weights and potentials of a network are quantised: the settings, in the readings of the paper and in ours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from hrsnn.deep.memory import check_bits
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.units import take_fields

_CHOICES = {
    "normalise": ("none", "layer", "channel"),
    "scale": ("mean", "power_of_two"),
    "potential_scale": ("running", "running_absolute", "batch"),
    "ends_scale": ("absolute", "signed"),
}


@dataclass(frozen=True)
class Precision(Displayed):
    """Bits of weights and potentials, and how they are reached.

    Attributes
    ----------
    weight_bits : {1, 2, 4, 8, 32}
        Of hidden layers; the first and the last have 8, or 32 where hidden ones do.
    potential_bits : {2, 4, 8, 32}
    normalise : {"none", "layer", "channel"}
        Over what weights are made of mean 0 and deviation 1 before their sign is taken.
    scale : {"mean", "power_of_two"}
        Scale of the signs of a channel: the mean of the absolute weights, or the nearest power of two (of its logarithm).
    potential_scale : {"running", "running_absolute", "batch"}
        Largest potential that is represented: a running mean of the largest one, or of the largest absolute one, which
        stays fixed at evaluation; or the largest one of each batch and step, at evaluation too, where a prediction then
        depends on the other samples of its batch. The largest potential that is carried over is about the threshold; the
        largest absolute one is that of strong inhibition, and leaves few of the levels below the threshold.
    squash : bool
        Whether tanh is taken of potentials before they are quantised.
    before_spike : bool
        Whether the potential is quantised before the spike (algorithm 1 of the paper) rather than when carried over (its
        equation 10).
    ends_scale : {"absolute", "signed"}
        Whether weights of 8 bits are scaled by the largest absolute weight or the largest weight.
    anneal : bool
        Whether the gradient of the sign is that of a tanh which becomes steeper, or 1.
    regularisation : float
        Weight of the sum over hidden layers of (rate - 1/2)^2 in the loss.

    Raises
    ------
    InputError
        When a value is not one of these.
    """

    weight_bits: int = 32
    potential_bits: int = 32
    normalise: str = "channel"
    scale: str = "mean"
    potential_scale: str = "running"
    squash: bool = False
    before_spike: bool = False
    ends_scale: str = "absolute"
    anneal: bool = True
    regularisation: float = 0.0

    def __post_init__(self) -> None:
        take_fields(self)
        check_bits(self.weight_bits, self.potential_bits)
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(name, getattr(self, name), f"must be one of {', '.join(known)}")
        if not 0 <= self.regularisation < math.inf:
            raise InputError("regularisation", self.regularisation, "must be 0 or more")

    @property
    def quantises_weights(self) -> bool:
        """Whether weights have fewer than 32 bits."""
        return self.weight_bits != 32

    @property
    def quantises_potentials(self) -> bool:
        """Whether potentials have fewer than 32 bits."""
        return self.potential_bits != 32

    @property
    def levels(self) -> int:
        """Levels L above 0: potentials are -L to L times a step."""
        return int(2 ** (self.potential_bits - 1)) - 1


def precision_of(weight_bits: int = 1, potential_bits: int = 2, regulate: bool = True, reproduce: str = "ours") -> Precision:
    """Return the settings of a quantised network.

    Parameters
    ----------
    weight_bits : {1, 2, 4, 8, 32}
    potential_bits : {2, 4, 8, 32}
    regulate : bool
        Whether weights and spikes are regulated (WS-DR): weights normalised, rates drawn towards 1/2.
    reproduce : {"ours", "text", "code"}
        ``text``: equations 6 to 16 of the paper; weights normalised by layer (eq. 14), the scale of a potential its maximum
        in the batch. ``code``: what the authors' code does: scales of powers of two, tanh before the quantiser, weights of
        8 bits by their signed maximum, a regularisation of 5e-3 instead of 1e-3. ``ours``: the text's, but weights
        normalised by output channel and a running scale of potentials that is fixed at evaluation.

    Raises
    ------
    InputError
        When a value is not offered.

    References
    ----------
    Wei et al. (2024), Q-SNNs: quantized spiking neural networks, arXiv 2406.13672.

    Examples
    --------
    >>> precision_of(1, 2).potential_scale, precision_of(1, 2, reproduce="code").regularisation
    ('running', 0.005)
    """
    known = {
        "ours": Precision(weight_bits, potential_bits, regularisation=1e-3),
        "text": Precision(weight_bits, potential_bits, normalise="layer", potential_scale="batch", regularisation=1e-3),
        "code": Precision(
            weight_bits,
            potential_bits,
            scale="power_of_two",
            potential_scale="batch",
            squash=True,
            ends_scale="signed",
            regularisation=5e-3,
        ),
    }
    if reproduce not in known:
        raise InputError("reproduce", reproduce, f"must be one of {', '.join(known)}")
    found = known[reproduce]
    return found if regulate else replace(found, normalise="none", regularisation=0.0)
