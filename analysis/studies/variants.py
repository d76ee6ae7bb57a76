"""Comparison of the four variants: one run is one variant, with or without recurrent links, on one task, from one seed.

Every reservoir is first trained by STDP on the training part (synaptic variants differ only in STDP), and then scored with
fixed weights on the test part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hrsnn.analysis.protocols.task_scores import scores_for, task_scores
from hrsnn.analysis.runs import RunOptions, StatesSeen, calibration
from hrsnn.analysis.runs.rate_matching import MATCHED_BY, at_rate
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.builder import build
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.presets import VARIANTS
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import check_seed
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import TASKS, ClassificationTask, SeriesTask, TaskChoice
from hrsnn.tasks.declaration import TaskKind

#: Scores of a run, by the kind of its task.
SCORES_OF_KIND: Mapping[TaskKind, tuple[str, ...]] = {
    "classes": ("accuracy", "efficiency", "effective_rank", "entropy_rank", "generalisation_gap", "third_order_correlation"),
    "memory": ("memory_capacity", "memory_capacity_v", "efficiency"),
    "series": ("nrmse", "nrmse_v", "efficiency"),
}
#: Scores of a run on any task.
SCORES_OF_ALL = ("mean_rate", "silent_share", "spikes_per_neuron", "effective_dimension")


@dataclass(frozen=True)
class VariantSizes(Displayed):
    """Numbers of samples and values of each task in a run.

    Parameters
    ----------
    train, test : int
        Numbers of samples of a task with classes.
    values : int
        Number of input values of a memory task, each held for 20 ms.
    max_delay : int
        Longest delay, in values.
    series_train, series_test, horizon : int
        Numbers of values of a series, and the number of values by which the target is ahead.
    """

    train: int = 1200
    test: int = 300
    values: int = 5000
    max_delay: int = 50
    series_train: int = 5000
    series_test: int = 500
    horizon: int = 10


@dataclass(frozen=True)
class VariantRun(Displayed):
    """Variant, task and seed of one run of the comparison.

    Parameters
    ----------
    task : str
        Name in :data:`hrsnn.tasks.TASKS`.
    variant : {"HoNHoS", "HeNHoS", "HoNHeS", "HeNHeS"}
    recurrent : bool
        False for the control, the same reservoir without its recurrent links.
    seed : int
        Seed of the reservoir, the task and all other random numbers: runs with the same seed are pairs.
    delay_bank : bool
        Whether the control without recurrent links has the delays of the recurrent network on its input, at equal rate; for
        networks with delays (:func:`hrsnn.analysis.runs.delay_bank.delay_bank`).
    matched_by : {"", "input", "bias", "weights"}
        For a variant with homogeneous neurons: the quantity that is changed such that it has the rate of its twin with
        heterogeneous neurons, before STDP, on a part of the training part; "" for the variant as drawn.
    """

    task: str
    variant: str
    recurrent: bool
    seed: int
    delay_bank: bool = False
    matched_by: str = ""

    def __post_init__(self) -> None:
        TASKS.check(self.task)
        if self.variant not in VARIANTS:
            raise InputError("variant", self.variant, f"must be one of {', '.join(VARIANTS)}")
        check_seed(self.seed)
        if self.delay_bank and self.recurrent:
            raise InputError("delay_bank", True, "is a control: recurrent must be false")
        if self.matched_by:
            if self.matched_by not in MATCHED_BY:
                raise InputError("matched_by", self.matched_by, f"must be one of {', '.join(MATCHED_BY)}, or empty")
            if VARIANTS[self.variant][0] or not self.recurrent:
                raise InputError("matched_by", self.matched_by, "is for recurrent variants with homogeneous neurons")

    @property
    def control(self) -> str:
        """Name of the network: "recurrent", "uncoupled", "delay_bank", or "matched_" and a quantity."""
        if self.matched_by:
            return f"matched_{self.matched_by}"
        return "delay_bank" if self.delay_bank else "recurrent" if self.recurrent else "uncoupled"


def run_variant(
    run: VariantRun,
    spec: ReservoirSpec | None = None,
    sizes: VariantSizes | None = None,
    *,
    choice: TaskChoice | None = None,
    scores: Sequence[str] = (),
    states: StatesSeen = "windows",
    engine: str = "auto",
) -> dict[str, float]:
    """Compute the scores of one run: performance, spikes, and dimension of the states.

    Parameters
    ----------
    run : VariantRun
    spec : ReservoirSpec, optional
        Specification of the reservoir; its variant is replaced by that of `run`.
    sizes : VariantSizes, optional
    choice : TaskChoice, optional
        The task of `run` with its options, such as the path of its data.
    scores : sequence of str
        Further scores in :data:`hrsnn.analysis.scoring.registry.SCORES`, computed if the kind of the task has them.
    states : {"windows", "total", "final"}
        States that a classifier sees.
    engine : str

    Returns
    -------
    dict
        By name: ``mean_rate`` (Hz), ``silent_share``, ``spikes_per_neuron`` (S: per stimulus, or per second of a series),
        ``effective_dimension`` of the states; for classes ``accuracy``, that of the training part minus it
        (``generalisation_gap``), ``effective_rank``, ``entropy_rank`` and ``third_order_correlation`` of the states at the
        end of the test stimuli, ``efficiency`` = accuracy / S; for memory ``memory_capacity`` and
        ``memory_capacity_v`` (read from spikes and from v), ``efficiency`` = capacity / S; for series ``nrmse`` and
        ``nrmse_v``, ``efficiency`` = 1 / (nrmse S). nan if no neuron spikes. A variant that is matched has
        ``rate_error`` too, by which its rate differs from the wanted one, as a share of it.

    Raises
    ------
    InputError, FileError
        When an option is not allowed, or data are missing.

    Notes
    -----
    Samples are encoded as spikes where the task has a choice, since STDP does not act on links of currents, and the input
    synapses are part of the comparison. With an analog series and without recurrent links, STDP changes no weights: the
    synaptic variants are then the same.

    Examples
    --------
    >>> sizes = VariantSizes(values=600, max_delay=5)
    >>> scores = run_variant(VariantRun("memory", "HeNHeS", True, seed=1), ReservoirSpec(neurons=30), sizes)
    >>> scores["memory_capacity"] <= 5
    True
    """
    variant, sizes = (spec or ReservoirSpec()).variant(run.variant), sizes or VariantSizes()
    choice = choice or TaskChoice(run.task)
    if choice.name != run.task:
        raise InputError("choice", choice.name, f"must be the task of the run, {run.task}")

    task = _loaded(choice, sizes, run.seed)
    if isinstance(task, ClassificationTask):
        task = task.encoded()
    rate_error = 0.0

    def network(channels: int) -> Reservoir:
        nonlocal rate_error
        built = build(variant, run.seed, channels)
        if not run.matched_by:
            return built.without_recurrence() if run.control == "uncoupled" else built
        stimulus = calibration(task)
        twin = build(variant.updated({"heterogeneous_neurons": True}), run.seed, channels)
        wanted = float(simulate(twin, stimulus, record=(), engine=engine, seed=run.seed).rates.mean())
        matched = at_rate(built, MATCHED_BY[run.matched_by], stimulus, wanted, seed=run.seed, engine=engine)
        rate_error = matched.rate / wanted - 1 if wanted else math.nan
        return matched.network

    options = RunOptions(seed=run.seed, plastic=True, states=states, engine=engine, max_delay=sizes.max_delay)
    names = dict.fromkeys((*SCORES_OF_KIND[choice.kind], *SCORES_OF_ALL, *scores_for(scores, choice.kind)))
    found = task_scores(network, task, options, tuple(names))
    if not run.delay_bank:
        return {**found.scores, **({"rate_error": rate_error} if run.matched_by else {})}
    bank = found.run.delay_bank
    if bank is None:
        raise InputError("delay_bank", True, "is the control of a network with delays, and this one has none")
    return {name: SCORES[name].of(bank) for name in found.scores}


def _loaded(choice: TaskChoice, sizes: VariantSizes, seed: int) -> ClassificationTask | SeriesTask:
    """Load a task in the sizes of the comparison."""
    if choice.kind == "classes":
        task = choice.load_classes(spiking=True, seed=seed)
        return task.subset(train=sizes.train, test=sizes.test, seed=seed)
    train, test, horizon = sizes.series_train, sizes.series_test, sizes.horizon
    return choice.load(values=sizes.values, train=train, test=test, horizon=horizon, seed=seed)
