"""``hrsnn rank``: effective rank of the states of a reservoir."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Report


@dataclass(frozen=True, kw_only=True)
class Rank(Repeatable):
    """Measure the effective rank of the final states over a set of digits, and that of the input."""

    stimuli: int = 100
    """Number of stimuli: digits, equally many of each class."""

    def run(self) -> Report:
        """Measure the ranks, and report them with those without recurrent links and of the input."""
        from hrsnn.analysis.protocols import rank
        from hrsnn.scripts.cli import pictures
        from hrsnn.tasks.digits import digits

        task = digits(seed=self.seed)
        if not len(task.classes) <= self.stimuli <= len(task.x_train):
            allowed = f"must be from {len(task.classes)}, one a class, to {len(task.x_train)}"
            raise InputError("--stimuli", self.stimuli, allowed)
        spec = self.reservoir_spec()
        stimuli = task.encoder.fit_transform(task.subset(train=self.stimuli, seed=self.seed).x_train)
        result = rank(stimuli, spec, seed=self.seed, engine=self.engine, progress=self.progress)
        ranks, uncoupled, counts = map(dataclasses.asdict, (result.ranks, result.uncoupled, result.input_counts))
        return Report(
            title=f"rank: {self.stimuli} digits, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={f"{kind}_rank": value for kind, value in ranks.items()},
            baselines={f"{kind}_rank": {"no_recurrence": uncoupled[kind], "input_counts": counts[kind]} for kind in ranks},
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_ranks(result),
            timing=result.timing,
            details={"task": "digits", "engine": self.engine, "stimuli": self.stimuli},
        )


if __name__ == "__main__":
    sys.exit(execute(Rank))
