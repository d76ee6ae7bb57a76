"""``hrsnn train``: a network trained by gradients on a task with classes, or on a series."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.paired_repeats import PairedRepeats
from hrsnn.scripts.cli.repeats import Repeatable, Repeats
from hrsnn.scripts.cli.report import RUNS, Outcome, Report
from hrsnn.scripts.cli.searched import check_heterogeneity, search_of, spec_of_search
from hrsnn.scripts.cli.task_arguments import DataArguments, tasks_of

if TYPE_CHECKING:
    from hrsnn.balanced import BalancedNetwork
    from hrsnn.kinds import NetworkSpec
    from hrsnn.reservoir import Reservoir
    from hrsnn.tasks import TaskChoice
    from hrsnn.training.models import Model

_NO = "(default: none)"
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: those of the variant)")]


@dataclass(frozen=True, kw_only=True)
class Train(DataArguments, Repeatable):
    """Train a network by gradients, with its controls; with --out it goes on where it was stopped."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes", "series"))] = "digits"
    """Task with classes, or series to forecast; `hrsnn tasks` describes all."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all, of a series 500)")] = None
    """Number of training samples, 30 % of which are for validation, or of values, of which the last quarter are."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all, of a series 100)")] = None
    """Number of test samples or values."""

    horizon: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 1)")] = None
    """Of a series, number of values ahead."""

    window: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 40)")] = None
    """Of a series, values of a stimulus in training, of which the second half has targets."""

    searched: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint=_NO)] = None
    """Out folder of `hrsnn search`, whose best specification is trained, instead of --spec."""

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

    batch: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 32, of a series 4)")] = None
    """Stimuli in a minibatch."""

    learning_rate: Annotated[
        float | None, tyro.conf.arg(metavar="RATE", help_behavior_hint="(default: 0.03, of a series 0.01)")
    ] = None
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
        from hrsnn.training import TrainingOptions

        choice, spec = self._choice, self.network_spec()
        options, model = self._options(choice.kind), {name: getattr(self, name) for name in _MODEL}
        learn = self._learn
        shared: dict[str, Any] = {
            "model": model,
            "controls": self.controls,
            "folder": folder,
            "engine": self.engine,
            "seed": self.seed,
            "progress": self.progress,
        }
        details = {
            "engine": self.engine,
            "variant": self.variant,
            "learn": learn,
            **({} if self.searched is None else {"searched": search_of(self.searched)}),
            **options,
            **model,
        }
        title = (
            f"{spec.neurons} neurons, {self.variant or 'as the spec says'}, learning {', '.join(learn)}, seed {self.seed}"
        )
        build, training = partial(_built, spec, self.seed), TrainingOptions(**options)
        if choice.kind == "series":
            from hrsnn.analysis.protocols.gradient_forecasting import train_and_forecast
            from hrsnn.scripts.reports.training_report import forecast_report

            sizes = self.sizes(choice, {name: getattr(self, name) for name in _SIZES}, _SIZES)
            series, window = choice.load_series(**sizes, seed=self.seed), _WINDOW if self.window is None else self.window
            found = train_and_forecast(series, build, learn, training, window=window, **shared)
            return forecast_report(found, series, spec, title, {**details, "window": window})
        from hrsnn.analysis.protocols.gradient_training import train_and_classify
        from hrsnn.scripts.reports.training_report import classification_report

        task = choice.load_classes(seed=self.seed).subset(train=self.train, test=self.test, seed=self.seed)
        return classification_report(train_and_classify(task, build, learn, training, **shared), task, spec, title, details)

    def network_spec(self) -> NetworkSpec:
        """Return the spec of the network, of a model of the paper too."""
        if self.network not in _TRAINED:
            raise InputError("--network", self.network, f"has no gradients: must be {' or '.join(_TRAINED)}")
        if self.searched is not None:
            return self._searched_spec(self.searched)
        if self._model is None:
            return super().network_spec()
        if self.network != "reservoir":
            raise InputError("--variant", self.variant, f"is of reservoirs; a {self.network} network has none")
        return self._model.spec(self._plain.reservoir_spec())

    def _searched_spec(self, folder: Path) -> NetworkSpec:
        """Return the spec that a search found best, with the other options of the network."""
        from hrsnn.spec import ReservoirSpec

        for option, value in (("--spec", self.spec), ("--preset", self.preset)):
            if value is not None:
                raise InputError(option, str(value), "cannot be given with --searched: each is a whole specification")
        given = dataclasses.replace(self, searched=None, spec=spec_of_search(folder))
        spec = given.network_spec()
        if isinstance(spec, ReservoirSpec):
            before = dataclasses.replace(given, variant=None).reservoir_spec()
            check_heterogeneity(before.heterogeneous_neurons, spec.heterogeneous_neurons, self.variant)
        return spec

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
                raise InputError(option, getattr(self, name), f"is of reservoirs; a {self.network} network has none")
            given = getattr(self, name)
            if given != Train.__dataclass_fields__[name].default and not set(learn) & set(needed):
                option = "--" + name.replace("_", "-")
                raise InputError(option, given, f"has no effect: of {', '.join(needed)} nothing learns")
        # options that are refused for any network, before data are read
        kind = KINDS.find(self.network)
        smallest = cast("Reservoir | BalancedNetwork", kind.build(kind.spec(neurons=10), 0, 1))
        TrainableNetwork(smallest, outputs=2, learn=("readout",), **{name: getattr(self, name) for name in _MODEL})
        kind_of_task = self._choice.kind
        TrainingOptions(**self._options(kind_of_task))
        if kind_of_task == "series":
            if self.read != Train.read:
                raise InputError("--read", self.read, "is of tasks with classes: a series is read at the end of each value")
            if self.method != Train.method:
                raise InputError("--method", self.method, "is of tasks with classes")
        for name in ("horizon", "window"):
            if kind_of_task != "series" and getattr(self, name) is not None:
                raise InputError(f"--{name}", getattr(self, name), "is of series, and this is a task with classes")
        if self.rate_target != Train.rate_target and not self.rate_weight:
            raise InputError("--rate-target", self.rate_target, "has no effect without --rate-weight")

    @property
    def _choice(self) -> TaskChoice:
        return self.chosen(self.task, "classes", "series")

    def _options(self, kind: str) -> dict[str, Any]:
        """Return the options of training, with the defaults for a task of some kind."""
        usual = {name: values[kind] for name, values in _USUAL.items()}
        given = {name: getattr(self, name) for name in _OPTIONS}
        return {name: usual[name] if value is None and name in usual else value for name, value in given.items()}

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
#: Defaults that differ between tasks, and those of the sizes of a series.
_USUAL: Mapping[str, Mapping[str, Any]] = {
    "batch": {"classes": 32, "series": 4},
    "learning_rate": {"classes": 0.03, "series": 0.01},
}
_SIZES, _WINDOW = {"train": 500, "test": 100, "horizon": 1}, 40
#: Kinds of networks that have gradients.
_TRAINED = ("reservoir", "balanced")


def _built(spec: NetworkSpec, seed: int, channels: int) -> Any:
    from hrsnn.kinds import build_network

    return build_network(spec, seed, channels)


if __name__ == "__main__":
    sys.exit(execute(Train))
