"""The arms of a pruning curve, and their networks at each sparsity."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hrsnn.display import Displayed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hrsnn.networks import PrunedNetwork, PruningContext, PruningMethod
    from hrsnn.networks.restoration import Restore
    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec


@dataclass(frozen=True)
class Arm:
    """Method of pruning with its options.

    One factor at a time differs from the plain arm of a method, which keeps all neurons and gives nothing back.
    """

    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    neuron_share: float = 0.0  #: target for neurons at the last sparsity, as a share of that for links
    restore: Restore = "none"
    retuned: bool = False  #: whether step 4 is applied to a copy at each sparsity, as if it were the last


_STEPS = {"timescales": False}  # step 4 is applied to copies
_BARE = {**_STEPS, "delocalise": "none"}
_LNP = Arm("lnp", _STEPS)
_WHOLE = dataclasses.replace(_LNP, neuron_share=0.5, restore="bias", retuned=True)
_PLAIN: Mapping[str, Arm] = {
    "lnp": _LNP,
    **{name: Arm(name) for name in ("drive", "signal", "noise", "activity", "activity_neurons", "magnitude", "random")},
    "erdos_renyi": Arm("erdos_renyi"),
}
_WITH_NEURONS = ("lnp", "drive", "random", "magnitude", "erdos_renyi")
_RESTORED = ("lnp", "drive", "signal", "noise", "magnitude", "random")

#: Controls: nothing is pruned, all links are, or the network is built as sparse, by the same spec or with equal in-degrees.
CONTROLS = ("dense", "no_recurrence", "no_recurrence_drive", "rebuilt", "rebuilt_in_degree")
#: Control of networks with delays: the dense network is scored by its delay bank.
DELAY_BANK = "delay_bank"
ARMS: Mapping[str, Arm] = {
    **_PLAIN,
    **{f"{name}_{how}": dataclasses.replace(_PLAIN[name], restore=how) for how in ("both", "rate") for name in _RESTORED},
    **{f"{name}_half": dataclasses.replace(_PLAIN[name], neuron_share=0.5) for name in _WITH_NEURONS},
    **{f"{name}_equal": dataclasses.replace(_PLAIN[name], neuron_share=1.0) for name in _WITH_NEURONS},
    "lnp_whole": _WHOLE,
    "lnp_no_step_1": dataclasses.replace(_WHOLE, options={**_STEPS, "synapses": False}),
    "lnp_no_step_2": dataclasses.replace(_WHOLE, neuron_share=0.0),
    "lnp_no_step_3": dataclasses.replace(_WHOLE, options={**_STEPS, "delocalise": "none"}),
    "lnp_no_step_4": dataclasses.replace(_WHOLE, retuned=False),
    "lnp_step_4": dataclasses.replace(_LNP, retuned=True),
    "lnp_step_1": dataclasses.replace(_LNP, options=_BARE),
    "lnp_steps_12": dataclasses.replace(_LNP, options=_BARE, neuron_share=0.5),
    "lnp_steps_124": dataclasses.replace(_LNP, options=_BARE, neuron_share=0.5, retuned=True),
    "lnp_steps_1234": dataclasses.replace(_LNP, neuron_share=0.5, retuned=True),
    "lnp_steps_1234_equal": dataclasses.replace(_LNP, neuron_share=1.0, retuned=True),
    "lnp_letter": Arm("lnp", {"reproduce": "paper"}, neuron_share=0.5),
    "lnp_weight": Arm("lnp", {**_STEPS, "score": "weight"}),
    "lnp_drive": Arm("lnp", {**_STEPS, "score": "drive"}),
    "lnp_rescale": Arm("lnp", {**_STEPS, "weights": "rescale"}),
    "lnp_measured": Arm("lnp", {**_STEPS, "covariance": "measured"}),
    "lnp_delayed": Arm("lnp", {**_STEPS, "covariance": "delayed"}),
    "lnp_diagonal": Arm("lnp", {**_STEPS, "leak": "diagonal"}),
    "lnp_degree": Arm("lnp", {**_STEPS, "delocalise": "degree"}),
    "drive_network": Arm("drive", {"per_target": False}),
}
#: Arms drawn in one figure each: the methods as they are, the methods at the dense network's rate, and the steps of LNP.
COMPARED = tuple(_PLAIN)
AT_RATE = tuple(f"{name}_rate" for name in _RESTORED)
ABLATIONS = ("lnp_whole", *(f"lnp_no_step_{step}" for step in (1, 2, 3, 4)), "lnp_letter")


@dataclass(frozen=True)
class Subnetwork(Displayed):
    """Network with the index of each of its neurons in the dense one."""

    network: Reservoir
    origin: NDArray[np.int64]


def networks_of(
    label: str,
    spec: ReservoirSpec,
    sparsities: Sequence[float],
    *,
    iterations: int,
    seed: int,
    engine: str = "auto",
) -> dict[str, Subnetwork]:
    """Return the networks of an arm by sparsity: ``0`` if nothing is pruned, ``1`` without any link.

    Parameters
    ----------
    label : str
        Name in ``ARMS`` or ``CONTROLS``, or ``DELAY_BANK``.
    spec : ReservoirSpec
        The dense network is built from it.
    sparsities : sequence of float
        Shares of removed links, ascending: all networks are from one run to the last, each at the nearest iteration.
    iterations, seed : int
    engine : str

    Returns
    -------
    dict of str to Subnetwork

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> spec = ReservoirSpec.preset("dense", neurons=80)
    >>> found = networks_of("random_half", spec, (0.5, 0.75), iterations=2, seed=0)
    >>> [len(left.origin) for left in found.values()]
    [63, 50]
    """
    import numpy as np

    from hrsnn.builder import build
    from hrsnn.networks import mean_drive, noise, prune, pruning_method, retune
    from hrsnn.networks.studies.rebuilt import rebuilt
    from hrsnn.simulation import simulate

    dense = build(spec, seed)
    everyone = np.arange(dense.neurons)
    if label in ("dense", DELAY_BANK):
        return {"0": Subnetwork(dense, everyone)}
    if label.startswith("rebuilt"):
        equal = label == "rebuilt_in_degree"
        return {
            str(share): Subnetwork(rebuilt(spec, dense, 1 - share, equal=equal, seed=seed, engine=engine), everyone)
            for share in sparsities
        }
    if label in CONTROLS:
        bare = dense.without_recurrence()
        if label == "no_recurrence_drive":
            rates = simulate(dense, noise(1, seed=seed), record=(), engine=engine, seed=seed).rates
            bare = bare.replace(i_bias=bare.i_bias + mean_drive(dense, rates))
        return {"1": Subnetwork(bare, everyone)}
    arm = ARMS[label]
    method = _RecordedMethod(pruning_method(arm.method, **arm.options))
    found = prune(
        dense,
        method,
        iterations=iterations,
        synapse_target=sparsities[-1],
        neuron_target=arm.neuron_share * sparsities[-1],
        restore=arm.restore,
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

    def __getattr__(self, name: str) -> Any:
        return getattr(self.method, name)

    def prune(self, context: PruningContext) -> PrunedNetwork:
        pruned = self.method.prune(context)
        self.origins[context.iteration] = context.origin[pruned.kept]
        return pruned

    def origin(self, iteration: int, everyone: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the neurons after an iteration; for iterations with nothing to remove the method was not called."""
        return self.origins[max(known)] if (known := [k for k in self.origins if k <= iteration]) else everyone
