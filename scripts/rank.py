"""``hrsnn rank``: effective rank of the states of a reservoir."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.cli.task_arguments import DataArguments, tasks_of


@dataclass(frozen=True, kw_only=True)
class Rank(DataArguments, Repeatable):
    """Measure the effective rank of the final states over samples of a task, and that of the input."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes"))] = "digits"
    """Task with classes; `hrsnn tasks` describes all."""

    stimuli: int = 100
    """Number of stimuli: training samples, equally many of each class."""

    def run(self) -> Report:
        """Measure the ranks, and report them with those without recurrent links and of the input."""
        from hrsnn.analysis.protocols import rank
        from hrsnn.scripts.cli import pictures

        choice = self.chosen(self.task, "classes")
        stimuli = self.samples(choice.load_classes(seed=self.seed), self.stimuli)
        spec = self.network_spec()
        result = rank(stimuli, spec, seed=self.seed, engine=self.engine, progress=self.progress)
        ranks, uncoupled, counts = map(dataclasses.asdict, (result.ranks, result.uncoupled, result.input_counts))
        named = {"decoded": result.decoded, "no_recurrence": result.decoded_uncoupled, "ideal_system": result.ideal}
        decoded = {name: dataclasses.asdict(one) for name, one in named.items() if one is not None}
        return Report(
            title=f"rank: {self.stimuli} {choice.name}, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={
                **{f"{kind}_rank": value for kind, value in ranks.items()},
                **{f"{kind}_rank_decoded": value for kind, value in decoded.get("decoded", {}).items()},
            },
            baselines={
                **{f"{kind}_rank": {"no_recurrence": uncoupled[kind], "input_counts": counts[kind]} for kind in ranks},
                **{f"{kind}_rank_decoded": _controls(decoded, kind, counts[kind]) for kind in decoded.get("decoded", {})},
            },
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_ranks(result),
            timing=result.timing,
            details={"task": choice.name, "engine": self.engine, "stimuli": self.stimuli},
        )


def _controls(decoded: dict[str, dict[str, float]], kind: str, counts: float) -> dict[str, float]:
    """Return the baselines of one rank of decoded states."""
    return {**{name: one[kind] for name, one in decoded.items() if name != "decoded"}, "input_counts": counts}


if __name__ == "__main__":
    sys.exit(execute(Rank))
