"""``hrsnn classify``: classification of digits, spoken digits, or your own spike trains."""

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
from hrsnn.scripts.cli.report import Report, controls_of, joined, values_of
from hrsnn.scripts.cli.saved_model import SavesModel
from hrsnn.scripts.cli.task_arguments import DataArguments, NullArguments, StatesOption, scores_of, tasks_of

if TYPE_CHECKING:
    from hrsnn.kinds import Network


@dataclass(frozen=True, kw_only=True)
class Classify(DataArguments, NullArguments, SavesModel):
    """Classify with a reservoir trained by STDP and a linear readout, and with its baselines."""

    any_network: ClassVar[bool] = True
    without_stdp: ClassVar[str] = "; --no-plastic runs without STDP"

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes"))] = "digits"
    """Task with classes; `hrsnn tasks` describes all."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of training samples, drawn at random and stratified."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of test samples, drawn at random and stratified."""

    plastic: bool = True
    """Whether STDP runs over the training samples."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    readout: Literal["logistic", "ridge", "sampled"] = "logistic"
    """Logistic regression, ridge, or a small network on the 10 % of the neurons with the highest betweenness."""

    scores: Annotated[tuple[str, ...], tyro.conf.arg(metavar="SCORE", help_behavior_hint=scores_of("classes"))] = ()
    """Further scores, each with that of the network without recurrent links."""

    def run(self) -> Report:
        """Classify, and report the accuracy and its baselines."""
        from hrsnn.analysis.protocols import classify
        from hrsnn.scripts.cli import pictures
        from hrsnn.tasks.new_samples import ModelInput

        spec = self.network_spec()
        choice = self.chosen(self.task, "classes")
        task = choice.load_classes(seed=self.seed).subset(train=self.train, test=self.test, seed=self.seed)
        result = classify(
            task,
            spec,
            baselines=choice.declaration.baselines,
            scores=self.scores,
            nulls=self.null,
            seed=self.seed,
            plastic=self.plastic,
            states=self.states,
            readout=self.readout,
            select=most_central_neurons if self.readout == "sampled" else None,
            engine=self.engine,
            model=self.save is not None,
            progress=self.progress,
        )
        decoded = {} if result.accuracy_decoded is None else {"accuracy_decoded": result.accuracy_decoded}
        of_decoded = dict.fromkeys(decoded, result.baselines_decoded)
        title = (
            f"{task.name}: {len(task.y_train)} training and {len(task.y_test)} test samples, "
            f"{spec.neurons} neurons, seed {self.seed}"
        )
        found = Report(
            title=title,
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={"accuracy": result.accuracy, **decoded, **values_of(result.further)},
            baselines=joined({"accuracy": result.baselines, **of_decoded, **controls_of(result.further)}, result.nulls),
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_classification(result, task.classes.tolist()),
            timing=result.timing,
            details={
                "task": task.name,
                "engine": self.engine,
                "train_samples": len(task.y_train),
                "test_samples": len(task.y_test),
                "plastic": self.plastic,
                **({} if self.states == "windows" else {"states": self.states}),
                "readout": self.readout,
            },
        )
        if self.save is not None:
            assert result.model is not None
            self.keep(result.model, choice, ModelInput.of(choice.settings, task.x_train, result.model.encoder_), found)
        return found


def most_central_neurons(network: Network) -> Any:
    """Return the 10 % of the neurons with the highest betweenness, over links of non-zero weight."""
    from hrsnn.networks import betweenness, most_central

    alive, strength = network.weight != 0, np.abs(network.weight)
    return most_central(betweenness(network.neurons, network.pre[alive], network.post[alive], strength[alive]))


if __name__ == "__main__":
    sys.exit(execute(Classify))
