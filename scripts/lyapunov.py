"""``hrsnn lyapunov``: Lyapunov exponents of a reservoir."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import Flag, execute
from hrsnn.scripts.cli.neurons import neurons_csv
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from hrsnn.analysis.protocols import Chaos, ChaosMap


@dataclass(frozen=True, kw_only=True)
class Lyapunov(Repeatable):
    """Measure Lyapunov exponents along the exact trajectory, the whole spectrum or the first few."""

    duration: float = 2000.0
    """Time over which the exponents are measured (ms)."""

    washout: float = 200.0
    """Washout before the measurement (ms)."""

    drive: Literal["values", "none"] = "values"
    """Random numbers held for 20 ms, as in the memory task; or no input."""

    count: Annotated[int | None, tyro.conf.arg(metavar="K", help_behavior_hint="(default: all, 3 a neuron)")] = None
    """Number of exponents, the largest first."""

    interval: float = 20.0
    """Time between two orthonormalisations (ms)."""

    map_: Annotated[Flag, tyro.conf.arg(name="map")] = False
    """Also map the largest exponent over weight scale and length scale: 30 reservoirs, for one seed."""

    @property
    def parallel(self) -> bool:
        """Whether a map is requested, whose points are independent."""
        return self.map_

    def run(self) -> Report:
        """Measure, and report the largest exponents and the dimension, with and without recurrent links."""
        from hrsnn.analysis.protocols import chaos, chaos_map

        if self.engine not in ("auto", "exact"):
            raise InputError("--engine", self.engine, "must be exact: on a grid a small change moves no spike")
        spec = self.reservoir_spec()
        result = chaos(
            spec,
            seed=self.seed,
            duration=self.duration,
            washout=self.washout,
            drive=self.drive,
            count=self.count,
            interval=self.interval,
            progress=self.progress,
        )
        spectrum, uncoupled = result.spectrum, result.uncoupled
        of_each = {"rate_hz": spectrum.rates, "exponent_per_s": of_neurons(result)}
        grid = None
        if self.map_:
            grid = chaos_map(
                spec,
                seeds=[self.seed],
                duration=self.duration,
                washout=self.washout,
                jobs=self.jobs,
                cluster=self.cluster,
                progress=self.progress,
            )
        names = {
            "largest_exponent": "largest",
            "without_silent_neurons": "largest_active",
            "kaplan_yorke_dimension": "kaplan_yorke",
        }
        return Report(
            title=f"lyapunov: exponents (1/s) over {self.duration / 1000:g} s, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={name: getattr(spectrum, attribute) for name, attribute in names.items()},
            baselines={name: {"no_recurrence": getattr(uncoupled, attribute)} for name, attribute in names.items()},
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures(result, grid),
            files={"neurons.csv": neurons_csv(result.reservoir, of_each)},
            timing=result.timing,
            details={
                "engine": "exact",
                "drive": self.drive,
                "duration_ms": self.duration,
                "interval_ms": self.interval,
                "shortest_interval_ms": spectrum.shortest,
                "slopes_at_the_floor": spectrum.floored,
                "releases": spectrum.releases,
                "standard_error": spectrum.standard_error[0],
                "exponents": spectrum.exponents,
                "per_neuron": spectrum.per_neuron,
                "per_neuron_v": spectrum.per_neuron_v,
                "per_neuron_local": spectrum.per_neuron_local,
                **({} if grid is None else {"map": {name: np.squeeze(array) for name, array in vars(grid).items()}}),
            },
        )


def of_neurons(result: Chaos) -> NDArray[np.float64]:
    """Return the exponents of the neurons (1/s): their shares over v, or where not all exponents are there their blocks'."""
    spectrum, reservoir = result.spectrum, result.reservoir
    if len(spectrum.exponents) == 3 * reservoir.neurons:
        return spectrum.per_neuron_v
    return spectrum.per_neuron_local + 1000 / reservoir.tau_exc + 1000 / reservoir.tau_inh


def pictures(result: Chaos, grid: ChaosMap | None) -> Mapping[str, Figure]:
    """Draw the spectrum, the map if there is one, and the exponents of the neurons, or those of their blocks."""
    from hrsnn.analysis import figures

    spectrum, reservoir = result.spectrum, result.reservoir
    of_map = {}
    if grid is not None:
        of_map["map"] = figures.chaos_map(grid.length_scale, grid.weight_scale, grid.largest[..., 0])
    return {
        **of_map,
        "spectrum": figures.exponent_spectrum(spectrum),
        "neurons": figures.exponents_of_neurons(
            of_neurons(result), reservoir.tau_m, spectrum.rates, reservoir.is_excitatory
        ),
        "time_constants": figures.time_constants(reservoir.tau_m, reservoir.is_excitatory),
    }


if __name__ == "__main__":
    sys.exit(execute(Lyapunov))
