"""Models trained by back-propagation, by the names of the paper: a specification, and what learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hrsnn.display import Displayed
from hrsnn.runtime.registry import Registry
from hrsnn.spec import ReservoirSpec

_WEIGHTS = ("recurrent", "inputs", "readout")


@dataclass(frozen=True)
class Model(Displayed):
    """A network that is trained by gradients.

    Parameters
    ----------
    description : str
        One line.
    variant : str
        Of :meth:`hrsnn.ReservoirSpec.variant`.
    learn : tuple of str
        What learns, unless something else is asked for.
    changes : mapping
        Changes of the specification.
    """

    description: str
    variant: str
    learn: tuple[str, ...] = _WEIGHTS
    changes: Mapping[str, Any] = field(default_factory=dict)

    def spec(self, spec: ReservoirSpec) -> ReservoirSpec:
        """Return the specification of the model.

        Examples
        --------
        >>> HENB.spec(ReservoirSpec(neurons=50)).heterogeneous_neurons, HONB.spec(ReservoirSpec()).heterogeneous_neurons
        (True, False)
        """
        changes = {name: value for name, value in self.changes.items() if name not in spec.model_fields_set}
        return spec.updated(changes).variant(self.variant)


#: Models of this package and of installed ones. The paper (Chakraborty and Mukhopadhyay 2024) names HoNB and HeNB in its
#: table of models, HRSNN-BP and CHRSNN-BP in those of pruning; how the latter differ from HeNB it does not say: here time
#: constants learn too, and CHRSNN has four clusters. ASRNN is the adaptive SRNN of Yin et al. (2021), a row of its
#: table of accuracies: tau_m and the adaptation learn. There a spike raises the threshold, here it lowers the drive, which
#: acts on v through the membrane; and there weights have any sign.
MODELS: Registry[Model] = Registry(
    "variant",
    "hrsnn.variants",
    Model,
    {
        "HoNB": "hrsnn.training.models:HONB",
        "HeNB": "hrsnn.training.models:HENB",
        "HRSNN-BP": "hrsnn.training.models:HRSNN_BP",
        "CHRSNN-BP": "hrsnn.training.models:CHRSNN_BP",
        "ASRNN": "hrsnn.training.models:ASRNN",
    },
    others=("HoNHoS", "HeNHoS", "HoNHeS", "HeNHeS"),
)

HONB = Model("homogeneous neurons; weights and readout learn", "HoNHoS")
HENB = Model("heterogeneous neurons; weights and readout learn", "HeNHoS")
HRSNN_BP = Model("heterogeneous neurons; tau_m learns too", "HeNHoS", (*_WEIGHTS, "tau_m"))
ASRNN = Model(
    "adaptive neurons; tau_m, the adaptation and its time constants learn too",
    "HeNHoS",
    (*_WEIGHTS, "tau_m", "adaptation", "tau_adaptation"),
    {"adaptation": 1.0, "tau_adaptation": 150.0},
)
CHRSNN_BP = Model(
    "four clusters of heterogeneous neurons; tau_m learns too", "HeNHoS", (*_WEIGHTS, "tau_m"), {"clusters": 4}
)
