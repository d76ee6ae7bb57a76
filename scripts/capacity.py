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
        raw = {"raw_input": result.raw_input}
        read = {
            "": (result.spikes, {"no_recurrence": result.spikes_uncoupled, **raw}),
            "_v": (result.v, {"no_recurrence": result.v_uncoupled, **raw}),
        }
        if result.decoded is not None and result.decoded_uncoupled is not None and result.ideal is not None:
            controls = {"no_recurrence": result.decoded_uncoupled, "ideal_system": result.ideal, **raw}
            read["_decoded"] = (result.decoded, controls)
        scores, baselines, intervals = {}, {}, {}
        for suffix, (own, compared) in read.items():
            for name in ("total", "linear", "nonlinear"):
                key = f"information_capacity{suffix}" if name == "total" else f"{name}_capacity{suffix}"
                scores[key] = getattr(own.information, name)
                baselines[key] = {label: getattr(one.information, name) for label, one in compared.items()}
            scores[f"memory_capacity{suffix}"] = own.memory.total
            intervals[f"memory_capacity{suffix}"] = own.memory.interval
            baselines[f"memory_capacity{suffix}"] = {label: one.memory.total for label, one in compared.items()}
        reads = {"spikes": result.spikes, "v": result.v}
        if result.decoded is not None:
            reads["decoded"] = result.decoded
        alone = {"spikes_uncoupled": result.spikes_uncoupled, "v_uncoupled": result.v_uncoupled}
        if result.decoded_uncoupled is not None and result.ideal is not None:
            alone |= {"decoded_uncoupled": result.decoded_uncoupled, "ideal_system": result.ideal}
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
                "by_degree": {name: one.information.by_degree for name, one in {**reads, **alone}.items()},
                **{
                    what: {name: getattr(one.information, what) for name, one in reads.items()}
                    for what in ("reach", "threshold", "states_used")
                },
            },
            intervals=intervals,
        )


if __name__ == "__main__":
    sys.exit(execute(Capacity))
