"""Pruning of balanced networks by a command: in one step, with the memory and the rate that are left."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from hrsnn.errors import InputError
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.reports.pruning_runs import PruningCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from hrsnn.balanced import BalancedNetwork

#: Options of `prune` that a balanced network does not have: it is pruned in one step, and nothing is given back.
_WITHOUT_EFFECT = (
    "iterations",
    "neuron_target",
    "restore",
    "exponents",
    "refresh",
    "duration",
    "score",
    "task_option",
    "path",
    "data",
    "states",
    "keep",
    "resume",
    "seeds",
    "jobs",
    "cluster",
    "option",
)
#: Values of the memory task (20 ms each), and those before it is scored.
_VALUES, _WASHOUT = 2000, 200


def pruned_balanced(command: PruningCommand, method: str) -> Report:
    """Prune a balanced network, and report it beside the dense one.

    Raises
    ------
    InputError
        For an option without effect, or a method that is not defined for balanced networks, with the reason.
    """
    from hrsnn.balanced import BalancedSpec, build_balanced
    from hrsnn.networks.balanced_pruning import prune_balanced
    from hrsnn.runtime.stopwatch import Stopwatch

    defaults = {one.name: one.default for one in dataclasses.fields(command)}
    for name in _WITHOUT_EFFECT:
        if name in defaults and getattr(command, name) != defaults[name]:
            option = f"--{name.replace('_', '-')}"
            raise InputError(option, getattr(command, name), "has no effect on a balanced network, pruned in one step")
    spec = command.network_spec()
    assert isinstance(spec, BalancedSpec)
    watch = Stopwatch(announced=False)
    dense = build_balanced(spec, command.seed)
    with watch("pruning"):
        pruned = prune_balanced(dense, method, command.synapse_target, command.seed)
    with watch("scores"):
        before, after = (_scores(network, command) for network in (dense, pruned))
    rate = after.pop("mean_rate")
    dense_rate = before.pop("mean_rate")
    ideal = before.pop("ideal")
    after.pop("ideal")
    return Report(
        title=f"{method}: {command.synapse_target:.0%} of the links of {dense.neurons} balanced neurons",
        seed=command.seed,
        spec=spec,
        reservoir=pruned,
        scores=after,
        baselines={
            name: {"dense": before[name], **({"ideal_system": ideal} if name == "memory_capacity_decoded" else {})}
            for name in after
        },
        spikes={"mean_rate": rate, "mean_rate_dense": dense_rate},
        draw=lambda: _pictures(dense, pruned),
        timing=watch.seconds,
        details={"method": method, "synapse_target": command.synapse_target},
    )


def _scores(network: BalancedNetwork, command: PruningCommand) -> dict[str, float]:
    import numpy as np

    from hrsnn import simulate
    from hrsnn.analysis import memory_capacity
    from hrsnn.analysis.firing.coding import coding_error
    from hrsnn.tasks.memory import memory

    task = memory(values=_VALUES, seed=command.seed)
    activity = simulate(network, task.stimulus(), engine=command.engine, progress=command.progress)
    z = network.decode(activity.spikes, task.hold * np.arange(1, _VALUES + 1))[0]
    x = network.ideal_states(task.inputs, task.hold)
    found, ideal = (memory_capacity(one, task.inputs[:, 0], 100, washout=_WASHOUT).total for one in (z, x))
    return {
        "memory_capacity_decoded": found,
        "coding_error": coding_error(x[_WASHOUT:], z[_WASHOUT:], relative=True),
        "links": float(network.synapses),
        "neurons": float(network.neurons),
        "mean_rate": float(activity.rates.mean()),
        "ideal": ideal,
    }


def _pictures(dense: BalancedNetwork, pruned: BalancedNetwork) -> Mapping[str, Figure]:
    import numpy as np
    from matplotlib.figure import Figure as Drawn

    from hrsnn.analysis.figures.style import EXCITATORY, GREY, label_axes

    figure: Any = Drawn(figsize=(3.5, 2.6), layout="constrained")
    axes = figure.subplots()
    largest = float(np.abs(dense.weight).max())
    bins = np.linspace(-largest, largest, 61)
    axes.hist(dense.weight, bins, color=GREY, label="dense")
    axes.hist(pruned.weight, bins, histtype="step", color=EXCITATORY, linewidth=1.2, label="pruned")
    axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=7)
    label_axes(axes, "Fast weight (mV)", "Links")
    return {"weights": figure}
