"""``hrsnn map``: maps of rank and separation over length and strength of the recurrent links."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import ParallelCommand, execute
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.cli.task_arguments import TaskArguments, tasks_of
from hrsnn.validation.limits import check_limit
from hrsnn.validation.numbers import count_of, repeats_of

_RATES = ("mean_rate", "silent_share", "spikes_per_neuron")


@dataclass(frozen=True, kw_only=True)
class Map(TaskArguments, ParallelCommand):
    """Map rank, generalisation rank and separation of samples over lambda and W_scale, 9 x 9 points."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes"))] = "digits"
    """Task with classes, whose samples are encoded as spikes; `hrsnn tasks` describes all."""

    points: int = 9
    """Number of points on each axis; the default is that of Chakraborty & Mukhopadhyay (2024)."""

    length_scale: Annotated[tuple[float, float], tyro.conf.arg(metavar="LOW HIGH")] = (0.5, 4.5)
    """Range of lambda (grid spacings), evenly spaced."""

    weight_scale: Annotated[tuple[float, float], tyro.conf.arg(metavar="LOW HIGH")] = (0.5, 50.0)
    """Range of W_scale, logarithmically spaced."""

    stimuli: int = 200
    """Number of different training samples, equally many of each class."""

    copies: int = 200
    """Number of jittered copies of a sample."""

    jittered: int = 2
    """Number of samples that are copied."""

    jitter: float = 2.0
    """Standard deviation of the noise on spike times (ms)."""

    repeats: int = 1
    """Networks at each point, with seeds starting from --seed; Chakraborty & Mukhopadhyay (2024) use 5."""

    def run(self) -> Report:
        """Measure every point, and report the one with the largest difference of the two ranks, and the controls."""
        from hrsnn.analysis.protocols.rank_maps import KERNEL_SCORES, rank_map
        from hrsnn.builder import build
        from hrsnn.scripts.cli import pictures
        from hrsnn.stimuli.spike_trains import SpikeTrains

        points, repeats = count_of("--points", self.points), repeats_of("--repeats", self.repeats)
        check_limit("seeds", "--points", points**2 * repeats)
        for name, (low, high) in (("--length-scale", self.length_scale), ("--weight-scale", self.weight_scale)):
            if not 0 < low < high < np.inf:
                raise InputError(name, (low, high), "must be two ascending numbers over 0")
        task = self.task_choice(self.task, "classes").load_classes(spiking=True, seed=self.seed)
        stimuli = self.samples(task, self.stimuli)
        if not isinstance(stimuli, SpikeTrains):
            raise InputError("--task", self.task, "has samples of currents; jitter is of spike times")
        spec = self.reservoir_spec()
        result = rank_map(
            stimuli,
            spec,
            np.linspace(*self.length_scale, self.points),
            np.geomspace(*self.weight_scale, self.points),
            copies=self.copies,
            jittered_stimuli=self.jittered,
            jitter=self.jitter,
            seeds=range(self.seed, self.seed + self.repeats),
            engine=self.engine,
            jobs=self.jobs,
            cluster=self.cluster,
            progress=self.progress,
        )
        row, column = result.best
        scale, weight, best = float(result.length_scales[column]), float(result.weight_scales[row]), result.at(row, column)
        chosen = spec.updated({"length_scale": scale, "weight_scale": weight})
        uncoupled, input_spikes = dataclasses.asdict(result.uncoupled), dataclasses.asdict(result.input_spikes)
        return Report(
            title=(
                f"map: {self.points}^2 points, {self.stimuli} {self.task}, {spec.neurons} neurons, seed {self.seed}\n"
                f"largest difference of ranks: lambda {scale:.3g}, W_scale {weight:.3g}"
            ),
            seed=self.seed,
            spec=chosen,
            reservoir=build(chosen, self.seed, channels=stimuli.n_channels),
            scores={name: best[name] for name in KERNEL_SCORES},
            baselines={
                name: {"no_recurrence": uncoupled[name], "input_spikes": input_spikes[name]} for name in KERNEL_SCORES
            },
            spikes={name: best[name] for name in _RATES},
            draw=lambda: pictures.of_rank_map(result),
            timing=result.timing,
            details={
                "task": self.task,
                "engine": self.engine,
                "length_scales": result.length_scales,
                "weight_scales": result.weight_scales,
                "maps": result.maps,
                "best": {"length_scale": scale, "weight_scale": weight},
                "stimuli": self.stimuli,
                "copies": self.copies,
                "jittered": self.jittered,
                "jitter_ms": self.jitter,
                "repeats": self.repeats,
            },
        )


if __name__ == "__main__":
    sys.exit(execute(Map))
