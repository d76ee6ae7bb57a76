"""``hrsnn train``: a network trained by gradients on a task with classes."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.files.npz import write_npz
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.paired_repeats import PairedRepeats
from hrsnn.scripts.cli.repeats import Repeatable, Repeats
from hrsnn.scripts.cli.report import RUNS, Outcome, Report, write_outcome
from hrsnn.scripts.cli.task_arguments import DataArguments, tasks_of

if TYPE_CHECKING:
    from hrsnn.analysis.protocols.gradient_training import TrainedClassification
    from hrsnn.balanced import BalancedNetwork
    from hrsnn.kinds import NetworkSpec
    from hrsnn.reservoir import Reservoir
    from hrsnn.training.models import Model

_NO = "(default: none)"
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: those of the variant)")]


@dataclass(frozen=True, kw_only=True)
class Train(DataArguments, Repeatable):
    """Train a network by gradients, with its controls; with --out it goes on where it was stopped."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes"))] = "digits"
    """Task with classes; `hrsnn tasks` describes all."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of training samples, 30 % of which are for validation."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of test samples."""

    variant: Annotated[
        str | None,
        tyro.conf.arg(
            metavar="{HoNB,HeNB,HRSNN-BP,CHRSNN-BP,ASRNN,HoNHoS,HeNHoS,HoNHeS,HeNHeS}",
            help_behavior_hint="(default: as the spec says)",
        ),
    ] = None
    """Model of the paper, or homogeneous or heterogeneous neurons (N) and synapses (S)."""

    learn: Names = ()
    """What learns: recurrent, inputs, tau_m, tau_exc, tau_inh, tau_syn, adaptation, tau_adaptation, v_threshold, delays,
    input_delays, readout; the readout always does. Of a balanced network recurrent, inputs, tau_m and v_threshold."""

    method: Literal["bptt", "eprop"] = "bptt"
    """Back-propagation through time, or e-prop, of weights only."""

    epochs: int = 15
    """Number of epochs."""

    batch: int = 32
    """Stimuli in a minibatch."""

    learning_rate: float = 0.03
    """Learning rate of Adam, in natural steps of each quantity."""

    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    """Learning rate over the epochs."""

    read: Literal["sum", "max", "final"] = "sum"
    """What the outputs over time are read as: sum, maximum, or the last."""

    surrogate: str = "fast_sigmoid"
    """Surrogate derivative: fast_sigmoid, superspike, triangle, arctan, gaussian, rectangle or straight_through."""

    width: Annotated[
        float | None, tyro.conf.arg(help_behavior_hint="(default: 2; of a balanced network its mean threshold)")
    ] = None
    """Width of the surrogate (mV)."""

    tau_readout: float = 20.0
    """Time constant of the filtered spikes that the readout sees (ms)."""

    dale: Literal["projection", "parametrisation"] = "projection"
    """How weights stay positive: by projection, or by learning their logarithm."""

    times: Literal["neuron", "distribution"] = "neuron"
    """Whether each time constant learns, or mean and spread of their logarithms."""

    longest_delay: Annotated[float | None, tyro.conf.arg(help_behavior_hint="(default: the longest at the start)")] = None
    """Largest delay that can be learned (ms)."""

    rate_weight: float = 0.0
    """Weight of the penalty of rates away from --rate-target."""

    rate_target: float = 10.0
    """Rate of each neuron that is aimed at (Hz)."""

    voltage_weight: float = 0.0
    """Weight of the penalty of v far from threshold and reset."""

    clip: float = 1.0
    """Largest norm of a gradient; 0 for none."""

    patience: Annotated[int | None, tyro.conf.arg(help_behavior_hint=_NO)] = None
    """Epochs without a better validation score after which training stops."""

    truncate: Annotated[int | None, tyro.conf.arg(metavar="STEPS", help_behavior_hint=_NO)] = None
    """Steps after which gradients stop."""

    checkpoint: Annotated[int | None, tyro.conf.arg(metavar="STEPS", help_behavior_hint=_NO)] = None
    """Steps of segments that are computed twice, to save memory."""

    dtype: Literal["float32", "float64"] = "float32"
    """Type of numbers in training."""

    device: Literal["cpu", "cuda"] = "cpu"
    """Where training runs."""

    controls: bool = True
    """Whether the controls are trained too: without recurrent links, the readout alone, and a GRU of equal parameters."""

    def carry_out(self) -> Outcome:
        """Carry out a single run, or one for each seed, with the differences from the controls."""
        outcome = super().carry_out()
        return PairedRepeats(**vars(outcome), packages=("torch",)) if isinstance(outcome, Repeats) else outcome

    def run(self) -> Report:
        """Train, and report the accuracy and its controls."""
        return self._run(None if self.out is None else self.out / RUNS)

    def run_for(self, seed: int, folder: Path | None) -> Report:
        """Train for one of several seeds, with checkpoints in its folder."""
        return dataclasses.replace(self, seed=seed)._run(folder)

    def _run(self, folder: Path | None) -> Report:
        # without PyTorch this is one line that names the extra, before any data are read
        from hrsnn.analysis.protocols.gradient_training import train_and_classify
        from hrsnn.training import TrainingOptions

        options = {name: getattr(self, name) for name in _OPTIONS}
        model = {name: getattr(self, name) for name in _MODEL}
        choice, spec = self.chosen(self.task, "classes"), self.network_spec()
        task = choice.load_classes(seed=self.seed).subset(train=self.train, test=self.test, seed=self.seed)
        learn = self._learn
        result = train_and_classify(
            task,
            partial(_built, spec, self.seed),
            learn,
            TrainingOptions(**options),
            model=model,
            controls=self.controls,
            folder=folder,
            engine=self.engine,
            seed=self.seed,
            progress=self.progress,
        )
        best = result.training.epochs[result.training.best]
        title = (
            f"{task.name}: {len(task.y_train)} training (30 % of them for validation) and {len(task.y_test)} test samples, "
            f"{spec.neurons} neurons, {self.variant or 'as the spec says'}, learning {', '.join(learn)}, seed {self.seed}"
        )
        return TrainingReport(
            title=title,
            seed=self.seed,
            spec=spec,
            reservoir=result.network,
            scores={"accuracy": result.accuracy},
            baselines={"accuracy": result.baselines},
            spikes=dataclasses.asdict(result.rates),
            draw=partial(_pictures, result, task.classes.tolist()),
            timing=result.timing,
            details={
                "task": task.name,
                "engine": self.engine,
                "variant": self.variant,
                "learn": learn,
                "train_samples": len(task.y_train),
                "test_samples": len(task.y_test),
                "best_epoch": result.training.best,
                "validation_accuracy": best.validation_score,
                "parameters": result.parameters,
                **options,
                **model,
            },
            result=result,
        )

    def network_spec(self) -> NetworkSpec:
        """Return the spec of the network, of a model of the paper too."""
        if self.network not in _TRAINED:
            raise InputError("--network", self.network, f"has no gradients: must be {' or '.join(_TRAINED)}")
        if self._model is None:
            return super().network_spec()
        if self.network != "reservoir":
            raise InputError("--variant", self.variant, f"is of reservoirs; a {self.network} has none")
        return self._model.spec(self._plain.reservoir_spec())

    def check(self) -> None:
        """Raise an error before the work, also where PyTorch is missing, or an option has no effect."""
        if self._model is None:
            super().check()
        else:
            self._plain.check()
        from hrsnn.kinds import KINDS
        from hrsnn.training import TrainableNetwork, TrainingOptions
        from hrsnn.training.network import LEARNS

        self.network_spec()
        learn = self._learn
        for name in learn:
            if name not in LEARNS[self.network]:
                raise InputError("--learn", name, f"must be of {', '.join(LEARNS[self.network])}")
        for name, needed in _NEEDING.items():
            if self.network != "reservoir" and getattr(self, name) != Train.__dataclass_fields__[name].default:
                option = "--" + name.replace("_", "-")
                raise InputError(option, getattr(self, name), f"is of reservoirs; a {self.network} has none")
            given = getattr(self, name)
            if given != Train.__dataclass_fields__[name].default and not set(learn) & set(needed):
                option = "--" + name.replace("_", "-")
                raise InputError(option, given, f"has no effect: of {', '.join(needed)} nothing learns")
        # options that are refused for any network, before data are read
        kind = KINDS.find(self.network)
        smallest = cast("Reservoir | BalancedNetwork", kind.build(kind.spec(neurons=10), 0, 1))
        TrainableNetwork(smallest, outputs=2, learn=("readout",), **{name: getattr(self, name) for name in _MODEL})
        TrainingOptions(**{name: getattr(self, name) for name in _OPTIONS})
        if self.rate_target != Train.rate_target and not self.rate_weight:
            raise InputError("--rate-target", self.rate_target, "has no effect without --rate-weight")

    @property
    def _learn(self) -> tuple[str, ...]:
        model = self._model
        names = self.learn or (("recurrent", "inputs") if model is None else model.learn)
        return tuple(dict.fromkeys((*names, "readout")))

    @property
    def _model(self) -> Model | None:
        from hrsnn.presets import VARIANTS

        if self.variant is None or self.variant in VARIANTS:
            return None
        from hrsnn.training.models import MODELS

        return MODELS.find(self.variant)

    @property
    def _plain(self) -> Train:
        return dataclasses.replace(self, variant=None)


@dataclass(frozen=True, kw_only=True)
class TrainingReport(Report):
    """Report of a training, which writes the readout and the epochs too."""

    result: TrainedClassification

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``, with PyTorch's version."""
        from importlib import metadata

        found = super().metrics()
        return {**found, "versions": {**found["versions"], "torch": metadata.version("torch")}}

    def write(self, folder: Path) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.training.checkpoints import table

        arrays = {"weight": self.result.readout, "bias": self.result.bias}
        savers: dict[str, Callable[[Path], None]] = {
            f"{self.reservoir.kind}.npz": self.reservoir.save,
            "readout.npz": partial(write_npz, kind="readout", version=1, arrays=arrays),
        }
        files = {"timing.json": self.timing, "log.csv": table(list(self.result.training.epochs))}
        return write_outcome(self, folder, self.spec, self.draw(), files, savers)


#: Options that have no effect unless one of these learns.
_NEEDING = {
    "dale": ("recurrent", "inputs"),
    "times": ("tau_m", "tau_exc", "tau_inh", "tau_syn", "tau_adaptation"),
    "longest_delay": ("delays", "input_delays"),
}
#: Options that are those of training, and of the module.
_OPTIONS = (
    *("epochs", "batch", "learning_rate", "schedule", "read", "clip", "rate_weight", "rate_target", "voltage_weight"),
    *("method", "truncate", "checkpoint", "patience", "seed"),
)
_MODEL = ("surrogate", "width", "tau_readout", "dale", "times", "longest_delay", "dtype", "device")
#: Kinds of networks that have gradients.
_TRAINED = ("reservoir", "balanced")


def _built(spec: NetworkSpec, seed: int, channels: int) -> Any:
    from hrsnn.kinds import build_network

    return build_network(spec, seed, channels)


def _pictures(result: TrainedClassification, classes: list[Any]) -> Mapping[str, Any]:
    from hrsnn.scripts.cli import pictures

    return pictures.of_training(result, classes)


if __name__ == "__main__":
    sys.exit(execute(Train))
