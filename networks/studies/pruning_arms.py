"""The arms of a pruning curve, and their networks at each sparsity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hrsnn.networks import PrunedNetwork, PruningContext, PruningMethod
    from hrsnn.reservoir import Reservoir

#: Share of neurons removed at the last sparsity, if neurons are pruned too: at it, over half are silent without any links.
_NEURONS_GONE = 0.5


@dataclass(frozen=True)
class Arm:
    """Method of pruning with its options."""

    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    neuron_target: float | None = None
    retuned: bool = False  #: whether step 4 is applied at each sparsity, as if it were the last


#: Controls: nothing is pruned, or all links are.
CONTROLS = ("dense", "no_recurrence", "no_recurrence_drive")
#: Control of networks with delays: the dense network is scored by its delay bank.
DELAY_BANK = "delay_bank"
ARMS: Mapping[str, Arm] = {
    "lnp": Arm("lnp"),
    "activity": Arm("activity"),
    "magnitude": Arm("magnitude"),
    "random": Arm("random"),
    "erdos_renyi": Arm("erdos_renyi"),
    "noise": Arm("noise"),
    "noise_rescale": Arm("noise", {"weights": "rescale"}),
    "lnp_paper_score": Arm("lnp", {"score": "paper"}),
    "lnp_weight": Arm("lnp", {"score": "weight"}),
    "lnp_rescale": Arm("lnp", {"weights": "rescale"}),
    "lnp_letter": Arm("lnp", {"reproduce": "paper"}),
    "lnp_measured": Arm("lnp", {"covariance": "measured"}),
    "lnp_no_bias": Arm("lnp", {"compensate": False}),
    "lnp_no_step_3": Arm("lnp", {"delocalise": "none"}),
    "lnp_degree": Arm("lnp", {"delocalise": "degree"}),
    "lnp_step_4": Arm("lnp", retuned=True),
    "lnp_neurons": Arm("lnp", neuron_target=_NEURONS_GONE),
    "activity_no_bias": Arm("activity", {"compensate": False}),
    "activity_neurons": Arm("activity", neuron_target=_NEURONS_GONE),
    "magnitude_no_bias": Arm("magnitude", {"compensate": False}),
    "magnitude_neurons": Arm("magnitude", neuron_target=_NEURONS_GONE),
    "random_neurons": Arm("random", neuron_target=_NEURONS_GONE),
}
#: Arms drawn in one figure: methods, and LNP with another score.
COMPARED = ("lnp", "activity", "magnitude", "random", "erdos_renyi", "noise", "lnp_paper_score")
ABLATIONS = ("lnp", "lnp_no_bias", "lnp_no_step_3", "lnp_degree", "lnp_step_4", "lnp_neurons", "lnp_rescale")


@dataclass(frozen=True)
class Subnetwork:
    """Network with the index of each of its neurons in the dense one."""

    network: Reservoir
    origin: NDArray[np.int64]


def networks_of(
    label: str, dense: Reservoir, sparsities: Sequence[float], *, iterations: int, seed: int, engine: str
) -> dict[str, Subnetwork]:
    """Return the networks of an arm by sparsity: ``0`` if nothing is pruned, ``1`` without any link.

    Parameters
    ----------
    label : str
        Name in ``ARMS`` or ``CONTROLS``, or ``DELAY_BANK``.
    dense : Reservoir
    sparsities : sequence of float
        Shares of removed links, ascending: all networks are from one run to the last, each at the nearest iteration.
    iterations, seed : int
    engine : str

    Returns
    -------
    dict of str to Subnetwork

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> dense = build(ReservoirSpec(neurons=30), seed=1)
    >>> found = networks_of("random_neurons", dense, (0.5, 0.75), iterations=2, seed=0, engine="auto")
    >>> [len(left.origin) for left in found.values()]
    [21, 15]
    """
    import numpy as np

    from hrsnn.networks import mean_drive, noise, prune, pruning_method, retune
    from hrsnn.simulation import simulate

    everyone = np.arange(dense.neurons)
    if label in ("dense", DELAY_BANK):
        return {"0": Subnetwork(dense, everyone)}
    if label in CONTROLS:
        bare = dense.without_recurrence()
        if label == "no_recurrence_drive":
            rates = simulate(dense, noise(1, seed=seed), record=(), engine=engine).rates
            bare = bare.replace(i_bias=bare.i_bias + mean_drive(dense, rates))
        return {"1": Subnetwork(bare, everyone)}
    arm = ARMS[label]
    method = _RecordedMethod(pruning_method(arm.method, **arm.options))
    found = prune(
        dense,
        method,
        iterations=iterations,
        synapse_target=sparsities[-1],
        neuron_target=arm.neuron_target,
        seed=seed,
        engine=engine,
        keep=True,
    )
    gone = 1 - np.array([record.links for record in found.records]) / dense.synapses
    networks = {}
    for share in sparsities:
        iteration = int(np.argmin(np.abs(gone - share)))
        network = found.reservoirs[iteration]
        if arm.retuned:
            network = retune(network, dense, noise(1, seed=seed), seed=seed).reservoir
        networks[str(share)] = Subnetwork(network, method.origin(iteration, everyone))
    return networks


@dataclass(frozen=True)
class _RecordedMethod:
    """Method that records the neurons it kept in each iteration."""

    method: PruningMethod
    origins: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def uses_exponents(self) -> bool:
        return bool(getattr(self.method, "uses_exponents", True))

    def prune(self, context: PruningContext) -> PrunedNetwork:
        pruned = self.method.prune(context)
        self.origins[context.iteration] = context.origin[pruned.kept]
        return pruned

    def origin(self, iteration: int, everyone: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the neurons after an iteration; for iterations with nothing to remove the method was not called."""
        return self.origins[max(known)] if (known := [k for k in self.origins if k <= iteration]) else everyone
