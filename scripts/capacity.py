"""``hrsnn capacity``: memory and information processing capacity of a reservoir."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Report


@dataclass(frozen=True, kw_only=True)
class Capacity(Repeatable):
    """Measure memory and information capacity by degree, from spikes and v, with and without links."""

    any_network: ClassVar[bool] = True

    values: int = 10_000
    """Number of input values."""

    hold: float = 20.0
    """Time for which each value is held (ms)."""

    delays: Annotated[tuple[int, ...], tyro.conf.arg(metavar="DELAY")] = (50, 20, 10)
    """Longest delay for each degree, starting with degree 1, in values."""

    def run(self) -> Report:
        """Measure both capacities, and report them with those without recurrent links and of the raw input."""
        from hrsnn.analysis.protocols import capacity
        from hrsnn.scripts.cli import pictures

        if not self.delays or self.delays[0] < 1:
            raise InputError("--delays", self.delays, "must begin with a delay >= 1, that of degree 1")
        spec = self.network_spec()
        result = capacity(
            spec,
            seed=self.seed,
            values=self.values,
            hold=self.hold,
            delays=dict(enumerate(self.delays, start=1)),
            engine=self.engine,
            progress=self.progress,
        )
        read = {"": (result.spikes, result.spikes_uncoupled), "_v": (result.v, result.v_uncoupled)}
        scores, baselines, intervals = {}, {}, {}
        for suffix, (own, uncoupled) in read.items():
            for name in ("total", "linear", "nonlinear"):
                key = f"information_capacity{suffix}" if name == "total" else f"{name}_capacity{suffix}"
                scores[key] = getattr(own.information, name)
                compared = {"no_recurrence": uncoupled, "raw_input": result.raw_input}
                baselines[key] = {label: getattr(one.information, name) for label, one in compared.items()}
            scores[f"memory_capacity{suffix}"] = own.memory.total
            intervals[f"memory_capacity{suffix}"] = own.memory.interval
            baselines[f"memory_capacity{suffix}"] = {
                "no_recurrence": uncoupled.memory.total,
                "raw_input": result.raw_input.memory.total,
            }
        return Report(
            title=f"capacity: {self.values} values of {self.hold:g} ms, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores=scores,
            baselines=baselines,
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_capacities(result),
            timing=result.timing,
            details={
                "task": "memory",
                "engine": self.engine,
                "values": self.values,
                "hold_ms": self.hold,
                "delays": self.delays,
                "by_degree": {
                    "spikes": result.spikes.information.by_degree,
                    "v": result.v.information.by_degree,
                    "spikes_uncoupled": result.spikes_uncoupled.information.by_degree,
                    "v_uncoupled": result.v_uncoupled.information.by_degree,
                },
                "reach": {"spikes": result.spikes.information.reach, "v": result.v.information.reach},
                "threshold": {"spikes": result.spikes.information.threshold, "v": result.v.information.threshold},
                "states_used": {"spikes": result.spikes.information.states_used, "v": result.v.information.states_used},
            },
            intervals=intervals,
        )


if __name__ == "__main__":
    sys.exit(execute(Capacity))
