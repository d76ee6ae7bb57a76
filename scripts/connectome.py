"""``hrsnn connectome``: a graph as a reservoir at a stated rate, and what its links have beyond chance."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.scripts.cli.command import execute, warnings_only
from hrsnn.scripts.cli.neurons import neurons_csv
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.cli.task_arguments import NullArguments
from hrsnn.validation.numbers import count_of, positive, repeats_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.activity import Activity
    from hrsnn.reservoir import Reservoir

#: Random values that drive the network while its rate is measured, each held for `_HOLD` ms.
_VALUES, _HOLD = 500, 20.0
#: Scores that null models can differ in.
_ARRANGED = ("reciprocity", "clustering", "strong_component")


@dataclass(frozen=True, kw_only=True)
class Connectome(NullArguments):
    """Make a reservoir of the graph in --graph, at a stated rate, for --graph DIR/reservoir.npz of other commands."""

    rate: Annotated[float | None, tyro.conf.arg(metavar="HZ", help_behavior_hint="(default: as the weights give)")] = None
    """Mean rate under random values, reached by one factor on all weights of --match."""

    match: Literal["weights", "input"] = "weights"
    """What is multiplied until the rate is reached: recurrent weights, or weights and gains of the input."""

    channels: int = 1
    """Number of input channels; commands whose tasks need others draw the input links anew."""

    null_models: int = 20
    """Number of null models of each kind in --null."""

    def run(self) -> Report:
        """Make the reservoir, and report its structure beside that of null models."""
        from hrsnn.analysis import at_rate
        from hrsnn.analysis.runs.rates import Rates
        from hrsnn.builder import build
        from hrsnn.connectivity.null_models import null_model
        from hrsnn.networks import write_graph
        from hrsnn.networks.graph_figures import centrality
        from hrsnn.runtime.seeds import generator
        from hrsnn.runtime.stopwatch import Stopwatch
        from hrsnn.simulation import simulate
        from hrsnn.stimuli.currents import Currents

        if self.graph is None:
            raise InputError("--graph", None, "is needed: the file of the graph")
        channels, wanted = count_of("--channels", self.channels), self.rate
        count = repeats_of("--null-models", self.null_models)
        if wanted is not None:
            wanted = positive("--rate", wanted, "Hz")
        elif self.match != "weights":
            raise InputError("--match", self.match, "is for --rate, which is not given")
        spec, watch = self.reservoir_spec(), Stopwatch()
        values = generator(self.seed, "connectome", "values").uniform(-1, 1, (1, _VALUES, channels))
        stimulus = Currents(values, _HOLD)
        with watch("build"):
            reservoir = build(spec, self.seed, channels)
        factor = 1.0
        with watch("simulate"):
            before = float(simulate(reservoir, stimulus, record=(), engine=self.engine, seed=self.seed).rates.mean())
            if wanted is not None:
                matched = at_rate(reservoir, self.match, stimulus, wanted, seed=self.seed, engine=self.engine)
                if not matched.reached:
                    text = f"no factor on the {self.match} gives {wanted:g} Hz; the nearest is {matched.rate:.3g} Hz"
                    warnings.warn(text, HrsnnWarning, stacklevel=2)
                factor, reservoir = matched.factor, matched.network
            activity = simulate(reservoir, stimulus, engine=self.engine, seed=self.seed)
        of_match = {"mean_rate_before": before, f"factor_on_{self.match}": factor}
        with watch("measure"), warnings_only():
            scores = structure(reservoir)
            nulls = {
                f"null_{keep}": [structure(null_model(reservoir, keep, self.seed + k)) for k in range(count)]
                for keep in self.null
            }
        return Report(
            title=f"connectome: {self.graph}, {reservoir.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=reservoir,
            scores=scores,
            baselines={
                name: {keep: float(np.mean([one[name] for one in found])) for keep, found in nulls.items()}
                for name in _ARRANGED
            },
            spikes={**dataclasses.asdict(Rates.of(activity)), **({} if wanted is None else of_match)},
            draw=lambda: pictures(reservoir, activity),
            timing=watch.seconds,
            details={
                "graph": self.graph.name,
                "values": _VALUES,
                "hold_ms": _HOLD,
                "graph_weights": spec.graph_weights,
                "rate": wanted,
                "match": self.match,
                "null_models": {
                    keep: {name: [one[name] for one in found] for name in _ARRANGED} for keep, found in nulls.items()
                },
            },
            files={
                "graph.graphml": partial(write_graph, reservoir),
                "neurons.csv": neurons_csv(reservoir, {"rate_hz": activity.rates, "betweenness": centrality(reservoir)}),
            },
        )


def structure(reservoir: Reservoir) -> dict[str, float]:
    """Return the numbers of neurons and links, and how the links are arranged."""
    from hrsnn.networks import clustering, reciprocity, strong_component

    graph = (reservoir.neurons, reservoir.pre, reservoir.post)
    return {
        "neurons": float(reservoir.neurons),
        "links": float(reservoir.synapses),
        "excitatory_share": float(reservoir.is_excitatory.mean()),
        "reciprocity": reciprocity(*graph),
        "clustering": clustering(*graph),
        "strong_component": float(strong_component(*graph)),
    }


def pictures(reservoir: Reservoir, activity: Activity[Reservoir]) -> Mapping[str, Figure]:
    """Draw the graph, distributions of its links and time constants, and a raster."""
    from hrsnn.networks.graph_figures import network_graph
    from hrsnn.networks.pruning_figures import distributions
    from hrsnn.scripts.cli.pictures import of_network

    graph = {"graph": network_graph(reservoir), "distributions": distributions({"network": reservoir})}
    return {**graph, "raster": of_network(reservoir, activity)["raster"]}


if __name__ == "__main__":
    sys.exit(execute(Connectome))
