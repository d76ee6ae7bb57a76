"""``hrsnn memory``: linear memory capacity of a reservoir."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Report, controls_of, joined, values_of
from hrsnn.scripts.cli.task_arguments import NullArguments, TaskArguments, scores_of, tasks_of
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.analysis import MemoryCapacity
    from hrsnn.analysis.protocols.memory_capacity import Memory as MemoryResult


#: Scores that are sums of one squared correlation a delay.
_CAPACITIES = ("memory_capacity", "memory_capacity_v", "memory_capacity_decoded")


@dataclass(frozen=True, kw_only=True)
class Memory(TaskArguments, NullArguments, Repeatable):
    """Measure the linear memory capacity, from spikes and from v, with recurrent links and without."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory"))] = "memory"
    """Values to reconstruct; `hrsnn tasks` describes all."""

    values: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 5000)")] = None
    """Number of input values."""

    hold: Annotated[float | None, tyro.conf.arg(metavar="MS", help_behavior_hint="(default: 20)")] = None
    """Time for which each value is held (ms)."""

    max_delay: int = 100
    """Longest delay, in values."""

    noise: Annotated[
        Literal["none", "fresh", "frozen"] | None,
        tyro.conf.arg(metavar="{none,fresh,frozen}", help_behavior_hint="(default: as the spec says)"),
    ] = None
    """Background input: none, never repeating, or repeating at every value."""

    scores: Annotated[tuple[str, ...], tyro.conf.arg(metavar="SCORE", help_behavior_hint=scores_of("memory"))] = ()
    """Further scores, each with that of the network without recurrent links."""

    def run(self) -> Report:
        """Measure the capacity, and report it with those of the network without recurrent links and of the raw input."""
        from hrsnn.analysis.protocols import memory
        from hrsnn.scripts.cli import pictures

        spec = self.network_spec()
        count_of("--max-delay", self.max_delay)
        choice = self.task_choice(self.task, "memory")
        sizes = self.sizes(choice, {"values": self.values, "hold": self.hold}, {"values": 5000, "hold": 20.0})
        task = choice.load_series("memory", **sizes, seed=self.seed)
        values, hold = len(task.inputs), task.hold
        result = memory(
            spec,
            task=task,
            seed=self.seed,
            max_delay=self.max_delay,
            noise=self.noise,
            scores=self.scores,
            nulls=self.null,
            engine=self.engine,
            progress=self.progress,
        )
        raw = result.raw_input.total
        return Report(
            title=f"{self.task}: {values} values of {hold:g} ms, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={
                "memory_capacity": result.spikes.total,
                "memory_capacity_v": result.v.total,
                **({} if result.decoded is None else {"memory_capacity_decoded": result.decoded.total}),
                **values_of(result.further),
            },
            baselines=joined(
                {
                    **controls_of(result.further),
                    "memory_capacity": {**_controls(result.spikes_uncoupled, result.spikes_bank), "raw_input": raw},
                    "memory_capacity_v": {**_controls(result.v_uncoupled, result.v_bank), "raw_input": raw},
                    **_of_decoder(result, raw),
                },
                result.nulls,
            ),
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_memory(result),
            timing=result.timing,
            bounds={name: (0.0, float(self.max_delay)) for name in _CAPACITIES},
            details={
                "task": self.task,
                "engine": self.engine,
                "noise": self.noise,
                "values": values,
                "hold_ms": hold,
                "span_ms": {"memory_capacity": result.spikes.span, "memory_capacity_v": result.v.span},
                **_over_longest_delay(result),
                "curve": {"memory_capacity": result.spikes.curve, "memory_capacity_v": result.v.curve},
            },
            intervals={
                "memory_capacity": result.spikes.interval,
                "memory_capacity_v": result.v.interval,
                **({} if result.decoded is None else {"memory_capacity_decoded": result.decoded.interval}),
            },
        )


def _over_longest_delay(result: MemoryResult) -> dict[str, Any]:
    """Return the spans of memory over the longest delay of a recurrent link, for a network with delays."""
    longest = float(getattr(result.reservoir, "delay", np.zeros(0)).max(initial=0.0))
    if not longest:
        return {}
    return {
        "span_over_longest_delay": {
            "memory_capacity": result.spikes.span / longest,
            "memory_capacity_v": result.v.span / longest,
        }
    }


def _of_decoder(result: MemoryResult, raw: float) -> dict[str, dict[str, float]]:
    """Return the baselines of a network's own decoder: no recurrence, the system that it follows, and the raw input."""
    if result.decoded_uncoupled is None or result.ideal is None:
        return {}
    found = {"no_recurrence": result.decoded_uncoupled.total, "ideal_system": result.ideal.total, "raw_input": raw}
    return {"memory_capacity_decoded": found}


def _controls(uncoupled: MemoryCapacity, bank: MemoryCapacity | None) -> dict[str, float]:
    return {"no_recurrence": uncoupled.total, **({} if bank is None else {"delay_bank": bank.total})}


if __name__ == "__main__":
    sys.exit(execute(Memory))
