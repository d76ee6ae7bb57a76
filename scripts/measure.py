"""``hrsnn measure``: firing statistics and synaptic operations of a reservoir."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.neurons import neurons_csv
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import Outcome, Report
from hrsnn.scripts.cli.task_arguments import DataArguments, FurtherScores, tasks_of
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.analysis.protocols.firing import Firing
    from hrsnn.kinds import NetworkSpec
    from hrsnn.stimuli.stimulus import Stimulus
    from hrsnn.tasks import ClassificationTask, SeriesTask, TaskChoice


#: Numbers of samples and of values, unless others are asked for.
_SAMPLES, _VALUES = 100, 1000


@dataclass(frozen=True, kw_only=True)
class Measure(DataArguments, Repeatable):
    """Measure firing statistics and synaptic operations of a reservoir under the input of a task."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "series", "classes"))] = (
        "memory"
    )
    """Source of the input: a task of any kind; `hrsnn tasks` describes all."""

    stimuli: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 100, of a series 1000)")] = None
    """Number of training samples, or of values of a series, which form one long stimulus."""

    scores: FurtherScores = ()
    """Further scores of the network in the task, with its baselines."""

    window: float = 100.0
    """Window of the Fano factor (ms)."""

    traces: Annotated[tuple[str, ...], tyro.conf.arg(metavar="N|NAME")] = ()
    """Neurons whose v, currents and adaptation are recorded in every step of the first stimulus, and drawn: so many, or by
    the names that a graph gives them."""

    @property
    def traced(self) -> int | tuple[str, ...]:
        """The number of neurons that are traced, or their names."""
        alone = self.traces[0] if len(self.traces) == 1 else ""
        return int(alone) if re.fullmatch(r"[+-]?[0-9]{1,18}", alone) else self.traces

    def carry_out(self) -> Outcome:
        """Carry out a single run, or one for each seed, without traces then."""
        if self.traces:
            if self.seeds > 1:
                raise InputError("--traces", self.traced, "cannot be given with --seeds: traces of one run are written")
            if self.out is None:
                raise InputError("--traces", self.traced, "needs --out DIR, where traces.npz and traces.png are written")
        return super().carry_out()

    def run(self) -> Report:
        """Measure, and report each number with that of the same neurons without recurrent links."""
        from hrsnn.analysis.protocols import measure
        from hrsnn.scripts.cli import pictures

        choice, spec = self.chosen(self.task), self.network_spec()
        task = choice.load(seed=self.seed)
        stimulus, scored = self.stimulus(task), self.further(choice, task, spec)
        result = measure(
            stimulus,
            spec,
            seed=self.seed,
            engine=self.engine,
            window=self.window,
            traces=self.traced,
            progress=self.progress,
        )
        values, control = _numbers(result.firing), _numbers(result.uncoupled)
        branching = result.firing.branching
        costs = {"operations": result.operations, "energy_joules": result.energies["loihi"]}
        currents = result.currents
        recurrent, whole = (float("nan"),) * 2 if currents is None else (currents.recurrent_ratio, currents.ratio)
        baselines = {
            **{name: {"no_recurrence": control[name]} for name in values},
            "inhibition_over_excitation": {"with_the_input": whole},
            "operations": {"of_the_input": result.input_operations},
            "energy_joules": {name: value for name, value in result.energies.items() if name != "loihi"},
        }
        what = f"{len(stimulus)} stimuli" if len(stimulus) > 1 else f"{stimulus.durations[0] / 1000:g} s"
        return Report(
            title=f"measure: {choice.name}, {what}, {spec.neurons} neurons, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={**values, "inhibition_over_excitation": recurrent, **costs, **scored.scores},
            baselines={**baselines, **scored.baselines},
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_measures(result, graph=getattr(spec, "topology", None) is not None),
            timing=result.timing,
            details={
                "task": choice.name,
                "engine": self.engine,
                "stimuli": len(stimulus),
                "seconds": float(stimulus.durations.sum()) / 1000,
                "operations_a_second": result.operations_a_second,
                "rates": {
                    **dataclasses.asdict(result.firing.rates),
                    "excitatory": result.excitatory_rate,
                    "inhibitory": result.inhibitory_rate,
                },
            },
            files={
                **({} if result.traced is None else {"traces.npz": result.traced.traces.save}),
                "neurons.csv": neurons_csv(
                    result.reservoir,
                    {
                        "rate_hz": result.activity.rates,
                        "interval_variation": result.firing.interval_variations,
                        "fano_factor": result.firing.fano_factors,
                    },
                ),
            },
            intervals={} if branching is None else {"branching_parameter": branching.interval},
        )

    def stimulus(self, task: ClassificationTask | SeriesTask) -> Stimulus:
        """Return the input of a task: some training samples, or the first values of a series as one stimulus.

        Raises
        ------
        InputError
            When the task has fewer.
        """
        from hrsnn.tasks import SeriesTask

        asked = None if self.stimuli is None else count_of("--stimuli", self.stimuli)
        there = len(task.inputs) if isinstance(task, SeriesTask) else len(task.x_train)
        if asked is not None and asked > there:
            raise InputError("--stimuli", asked, f"must be at most {there}: there are no more in task {task.name!r}")
        if isinstance(task, SeriesTask):
            return task.stimulus(0, min(asked or _VALUES, there))
        few = max(asked or _SAMPLES, len(task.classes))
        stimulus: Stimulus = task.subset(train=few, seed=self.seed).encoded().x_train
        return stimulus

    def further(self, choice: TaskChoice, task: ClassificationTask | SeriesTask, spec: NetworkSpec) -> Further:
        """Compute the scores that were asked for, and their baselines; of a task with classes on as many test samples."""
        from hrsnn.analysis.protocols.task_scores import scores_for, task_scores
        from hrsnn.analysis.runs import RunOptions
        from hrsnn.kinds import build_network
        from hrsnn.tasks import ClassificationTask

        names = scores_for(self.scores, choice.kind)
        if not names:
            if self.scores:
                raise InputError("--scores", self.scores, f"are not defined for tasks of the kind {choice.kind}")
            return Further({}, {})
        if isinstance(task, ClassificationTask):
            few = max(self.stimuli or _SAMPLES, len(task.classes))
            task = task.subset(train=few, test=few, seed=self.seed)
        options = RunOptions(seed=self.seed, engine=self.engine, progress=self.progress)
        baselines = choice.declaration.baselines
        found = task_scores(
            lambda channels: build_network(spec, self.seed, channels), task, options, names, baselines=baselines
        )
        return Further(found.scores, found.baselines)


@dataclass(frozen=True)
class Further:
    """Scores that were asked for, and their baselines."""

    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]


def _numbers(firing: Firing) -> dict[str, float]:
    branching = firing.branching
    return {
        "interval_variation": firing.interval_variation,
        "fano_factor": firing.fano_factor,
        "synchrony": firing.synchrony,
        "branching_parameter": float("nan") if branching is None else branching.parameter,
    }


if __name__ == "__main__":
    sys.exit(execute(Measure))
