"""The readout of Chakraborty & Mukhopadhyay (2024), of the 10 % most central neurons, beside linear readouts of all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE
from hrsnn.scripts.recipes.contract import Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import by_seed, run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import VariantRunner, check_sizes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.analysis.runs import ClassesRun, SeriesRun

Array = NDArray[np.float64]
Unit = tuple[str, int]
CLASSES, SERIES = "digits", "lorenz63"
#: Readouts: that of the paper, of as many random neurons, linear of the same neurons, and linear of all neurons.
PRINTED, ALL = "printed", "all neurons, linear"
ARMS = (PRINTED, "random 10 %, 20 hidden", "central 10 %, linear", ALL)
TOTAL = "all neurons, linear, counts"
#: Share of the neurons, and hidden units.
_SHARE, _HIDDEN = 0.1, 20


@dataclass(frozen=True)
class ReadoutRunner:
    """Function from a task and a seed to the score of each readout of one network, after STDP."""

    variants: VariantRunner

    def __call__(self, unit: Unit) -> dict[str, float]:
        from hrsnn.analysis.protocols.task_scores import task_scores
        from hrsnn.analysis.runs import ClassesRun, RunOptions
        from hrsnn.builder import build
        from hrsnn.runtime.seeds import generator
        from hrsnn.scripts.classify import most_central_neurons

        (name, seed), runs = unit, self.variants
        train = runs.values["series_train" if name == SERIES else "train"]
        task = runs.task(name, train, seed)
        options = RunOptions(seed=seed, plastic=True, states="final", engine=runs.engine)
        scores = ("nrmse",) if name == SERIES else ("accuracy",)
        run = task_scores(lambda channels: build(runs.spec, seed, channels), task, options, scores).run
        central = most_central_neurons(run.network)
        drawn = np.sort(generator(seed, "readout", "neurons").permutation(runs.spec.neurons)[: len(central)])
        if isinstance(run, ClassesRun):
            return _accuracies(run, central, drawn, seed)
        return _errors(run, central, drawn, seed)


def _accuracies(run: ClassesRun, central: NDArray[np.int64], drawn: NDArray[np.int64], seed: int) -> dict[str, float]:
    from sklearn.exceptions import ConvergenceWarning

    from hrsnn.readout import readout

    def accuracy(kind: str, train: Array, test: Array) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = readout(kind, seed).fit(train, run.task.y_train)
        return float(np.mean(model.predict(test) == run.task.y_test))

    train, test = (np.asarray(ran.states[:, -1]) for ran in (run.on_train, run.on_test))
    counts = [np.sqrt(ran.spike_counts) for ran in (run.on_train, run.on_test)]
    return {
        PRINTED: accuracy("sampled", train[:, central], test[:, central]),
        ARMS[1]: accuracy("sampled", train[:, drawn], test[:, drawn]),
        ARMS[2]: accuracy("logistic", train[:, central], test[:, central]),
        ALL: accuracy("logistic", train, test),
        TOTAL: accuracy("logistic", counts[0], counts[1]),
    }


def _errors(run: SeriesRun, central: NDArray[np.int64], drawn: NDArray[np.int64], seed: int) -> dict[str, float]:
    """Return the NRMSE of the first variable by each readout of the states at the end of each value."""
    from hrsnn.analysis import nrmse, ridge_readout

    task, states = run.task, np.asarray(run.states("states"))
    target, rows = task.targets[:, :1], slice(task.washout, task.train.stop)

    def error(prediction: Array) -> float:
        return nrmse(prediction[task.test], target[task.test], scale=target[task.train].std(axis=0))

    def linear(chosen: Array) -> float:
        return error(ridge_readout(chosen, target, train=task.train.stop, washout=task.washout).prediction)

    return {
        PRINTED: error(perceptron_forecast(states[:, central], target, rows, seed)),
        ARMS[1]: error(perceptron_forecast(states[:, drawn], target, rows, seed)),
        ARMS[2]: linear(states[:, central]),
        ALL: linear(states),
    }


def perceptron_forecast(states: Array, target: Array, rows: slice, seed: int) -> Array:
    """Return the output (times, 1) of a perceptron with 20 hidden units and one output, fitted to the rows of training.

    The penalty is chosen on the last fifth of the rows.

    Examples
    --------
    >>> x = np.linspace(0, 1, 200)[:, None]
    >>> found = perceptron_forecast(x, x, slice(0, 150), seed=0)
    >>> found.shape, bool(np.abs(found - x)[:150].max() < 0.1)
    ((200, 1), True)
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    from hrsnn.preprocessing import VALIDATION_SHARE, Standardiser

    standardise = Standardiser(states[rows])
    x = standardise(states)
    mean, spread = target[rows].mean(), target[rows].std()
    y = (target[:, 0] - mean) / spread
    x_fit, y_fit = x[rows], y[rows]
    first = round((1 - VALIDATION_SHARE) * len(x_fit))

    def fitted(alpha: float, part: slice) -> Any:
        # lbfgs converges in seconds on so few weights
        model = MLPRegressor(
            hidden_layer_sizes=(_HIDDEN,), alpha=alpha, solver="lbfgs", max_iter=500, random_state=seed % 2**32
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(x_fit[part], y_fit[part])

    def missed(alpha: float) -> float:
        return float(((fitted(alpha, slice(first)).predict(x_fit[first:]) - y_fit[first:]) ** 2).mean())

    best = min((10.0, 1.0, 0.1), key=missed)
    return np.asarray(fitted(best, slice(None)).predict(x)[:, None] * spread + mean)


@dataclass(frozen=True)
class ReadoutTable:
    """Scores: ``by[task][arm]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Array]]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the scores of all readouts, and the differences of the printed one from the others."""
        for task, arms in self.by.items():
            what = "NRMSE" if task == SERIES else "accuracy"
            for arm, values in arms.items():
                yield RecipeRow(f"{what}, {task}", arm, tuple(values.tolist()), POSITIVE if task == SERIES else SHARE)
            for arm, values in arms.items():
                if arm != PRINTED:
                    difference = arms[PRINTED] - values
                    yield RecipeRow(f"{what}, {task}: printed - other", arm, tuple(difference.tolist()))

    def figure(self) -> Figure:
        """Draw the scores of all readouts."""
        from hrsnn.analysis.figures import scores_over_seeds

        panels = {f"{'NRMSE' if task == SERIES else 'Accuracy'}, {task}": dict(arms) for task, arms in self.by.items()}
        bounds = {label: POSITIVE if label.startswith("NRMSE") else SHARE for label in panels}
        return scores_over_seeds(panels, bounds, highlighted=1)


def run(options: RecipeOptions) -> RecipeResult:
    """Fit all readouts to the states of one network for each task and seed."""
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test", "series_train", "series_test")
    runner = ReadoutRunner(VariantRunner(spec, values, options.engine, None))
    tasks = (CLASSES, SERIES)
    units = [(task, seed) for seed in options.seeds for task in tasks]
    found = run_units(options, runner, units, alike=lambda unit: unit[0] == SERIES)
    table = ReadoutTable(
        {
            task: {
                arm: np.array([one[arm] for one in by_seed(found, options.seeds, task)])
                for arm in found[task, options.seeds[0]]
            }
            for task in tasks
        }
    )
    return RecipeResult(list(table.rows()), (), lambda: {"readout": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="The readout of the most central neurons with a hidden layer, beside linear readouts of all neurons",
    paper="chakraborty-mukhopadhyay-2024",
    item="readout of section VI-F",
    run=run,
    options={"train": 200, "test": 200, "series_train": 1000, "series_test": 500, "horizon": 10},
    spec={"neurons": "200"},
    seeds=12,
    duration="3 minutes",
    paper_scale=paper_scale("readout"),
)
