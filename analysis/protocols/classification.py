"""Classification: STDP on the training samples, a readout of frozen states, and baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.protocols.task_scores import check_score, further_scores, null_scores, task_scores
from hrsnn.analysis.runs import RECORDS, ClassesRun, RunOptions, StatesSeen
from hrsnn.analysis.runs.models import classifier_of
from hrsnn.analysis.runs.rates import Rates
from hrsnn.connectivity.null_models import Kept
from hrsnn.display import Tabular
from hrsnn.kinds import KINDS, Network, NetworkSpec, build_network
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import ClassificationTask
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Baselines of a classification, unless a task declares others.
BASELINES_OF_CLASSES = ("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank")


@dataclass(frozen=True)
class Classification(Tabular):
    """Accuracy of a reservoir and its baselines, as returned by :func:`classify`."""

    #: Share of the test samples that are classified correctly.
    accuracy: float
    #: Accuracies of the baselines: ``raw_input``, ``encoder_counts`` (``encoder_means`` for an input of currents),
    #: ``no_recurrence``.
    baselines: Mapping[str, float]
    #: `y_test` and `predicted`: (samples,)
    y_test: NDArray[Any]
    predicted: NDArray[Any]
    #: `initial_reservoir` and `reservoir`: Reservoir before and after STDP.
    initial_reservoir: Network
    reservoir: Network
    #: Spikes of the first test sample.
    activity: Activity[Network]
    #: Rates on the test samples, after STDP.
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: Further scores that were asked for, each as ``network`` and ``no_recurrence``.
    further: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: `accuracy_decoded` and `baselines_decoded`: Accuracy read from the states that the network's own decoder makes of the
    #: spikes, with its baselines, of which ``ideal_system`` (for an input of currents) reads the system that the network
    #: follows; None and empty for a network without a decoder.
    accuracy_decoded: float | None = None
    baselines_decoded: Mapping[str, float] = field(default_factory=dict)
    #: Encoder, network and readout as an estimator, to be saved and used on new data, where it was asked for.
    model: Any = None
    #: For each score, those of the null models that were asked for, by name.
    nulls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def table(self) -> dict[str, list[Any]]:
        """Return the accuracies as a table, columns by name: of which network or model, and the accuracy."""
        found = {"network": self.accuracy, **self.baselines}
        if self.accuracy_decoded is not None:
            decoded = {"network": self.accuracy_decoded, **self.baselines_decoded}
            found.update({f"{name}, decoded": value for name, value in decoded.items()})
        return {"of": list(found), "accuracy": list(found.values())}

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw the accuracies; see :func:`hrsnn.analysis.figures.scores_bar`."""
        from hrsnn.analysis.figures import scores_bar

        of, accuracy = self.table().values()
        classes = len(np.unique(self.y_test))
        networks = {name: value for name, value in zip(of, accuracy, strict=True) if name.startswith("network")}
        others = {name: value for name, value in zip(of, accuracy, strict=True) if name not in networks}
        return scores_bar(networks, others, chance=1 / classes, ax=ax)


@takes(blank="ms")
def classify(
    task: ClassificationTask,
    spec: NetworkSpec | None = None,
    *,
    seed: int = 0,
    plastic: bool = True,
    readout: str = "logistic",
    select: Callable[[Network], NDArray[np.integer[Any]]] | None = None,
    states: StatesSeen = "windows",
    windows: int = 5,
    blank: float = 100.0,
    engine: str = "auto",
    baselines: Sequence[str] = BASELINES_OF_CLASSES,
    scores: Sequence[str] = (),
    model: bool = False,
    nulls: Sequence[Kept] = (),
    progress: bool = False,
) -> Classification:
    """Classify with a reservoir trained by STDP, and with its baselines.

    STDP runs once over the training samples, without their labels. The weights are then fixed, and the readout is trained
    on the states of each training sample, by default ``sqrt(counts)`` in `windows` equal windows, and scored once on the
    test samples.

    Parameters
    ----------
    task : ClassificationTask
        From :func:`hrsnn.tasks.load_task`.
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    seed : int
        Seed of the reservoir and its background input.
    plastic : bool
        Whether STDP is used.
    readout : {"logistic", "ridge", "sampled"}
        See :func:`hrsnn.readout.readout`.
    select : callable, optional
        Selection of neurons for the readout: takes the reservoir after STDP, returns indices; all by default.
    states : {"windows", "total", "final"}
        States that the readout sees: see :class:`hrsnn.analysis.runs.RunOptions`. The readout of the encoded
        input sees the same of the input.
    windows : int
    blank : float
        Time without input after each training sample during STDP (ms).
    engine : str
    baselines : sequence of str
        Names in :data:`hrsnn.analysis.scoring.baselines.BASELINES`, such as those that a task declares.
    scores : sequence of str
        Further scores, by their names in :data:`hrsnn.analysis.scoring.registry.SCORES`.
    model : bool
        Whether to return the fitted estimator (:func:`hrsnn.analysis.runs.models.classifier_of`).
    nulls : sequence of {"degree", "sign", "distance"}
        Null models of the links whose scores are computed too: :func:`hrsnn.connectivity.null_models.null_model`.
    progress : bool

    Returns
    -------
    Classification

    Raises
    ------
    InputError
        When an option is not allowed.

    Warns
    -----
    HrsnnWarning
        When no unit varies, as in a silent reservoir: the prediction is then the most frequent class.

    Notes
    -----
    The baselines: ``raw_input``, the task's own linear model without spikes; ``encoder_counts``, the same readout on
    the square root of the input's spike counts in the same windows, or ``encoder_means``, on the input's mean currents in
    them; ``no_recurrence``, the same reservoir without recurrent links, with the same training and a readout of the same
    neurons.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> from hrsnn.tasks import load_task
    >>> digits = load_task("digits").subset(train=40, test=20)
    >>> result = classify(digits, ReservoirSpec.preset("dense", neurons=30), plastic=False)
    >>> sorted(result.baselines)
    ['echo_state_network', 'encoder_counts', 'no_recurrence', 'raw_input']
    """
    options = RunOptions(
        seed=seed,
        plastic=plastic,
        engine=engine,
        states=states,
        windows=windows,
        blank=blank,
        readout=readout,
        select=select,
        progress=progress,
        watch=Stopwatch(),
    )
    for name in scores:
        check_score(name, task.kind)
    kind = KINDS.find((spec or ReservoirSpec()).kind)
    found = task_scores(
        lambda channels: build_network(spec or ReservoirSpec(), seed, channels),
        task,
        options,
        ("accuracy", "accuracy_decoded") if kind.decodes else ("accuracy",),
        baselines=baselines,
        records=RECORDS if scores else (),
    )
    run = found.run
    assert isinstance(run, ClassesRun)
    return Classification(
        accuracy=run.accuracy,
        baselines=found.baselines["accuracy"],
        y_test=np.asarray(task.y_test),
        predicted=run.predicted,
        initial_reservoir=run.initial,
        reservoir=run.network,
        activity=simulate(run.network, run.test[:1], engine=engine, seed=seed),
        rates=found.rates,
        further=further_scores(run, scores),
        nulls=null_scores(run, nulls, ("accuracy", *scores)),
        accuracy_decoded=found.scores.get("accuracy_decoded"),
        baselines_decoded=found.baselines.get("accuracy_decoded", {}),
        model=classifier_of(run) if model else None,
        timing=options.watch.seconds,
    )
