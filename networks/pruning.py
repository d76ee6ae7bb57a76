"""Iterative pruning: a method applied repeatedly, with a record and a checkpoint of each iteration."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from hrsnn.display import Tabular
from hrsnn.errors import FileError, InputError
from hrsnn.networks.graphs.laplacian import EIGENVECTOR_LIMIT, OFTEN_LIMIT
from hrsnn.networks.graphs.pruned import graph_of_matrix, matrix_of_graph, pruned_graph
from hrsnn.networks.methods.contract import PrunedNetwork, PruningContext, PruningMethod
from hrsnn.networks.methods.lyapunov_noise import LNP
from hrsnn.networks.pruning_checkpoint import Checkpoint, Progress, digest_of
from hrsnn.networks.pruning_measurements import Exponents, Measurements
from hrsnn.networks.pruning_record import PruningRecord, record_of
from hrsnn.networks.restoration import Restore, checked_restore, restored
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.annotations import is_number
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, duration_of, positive, repeats_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx
    from scipy.sparse import csr_array

    from hrsnn.spec import ReservoirSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pruning(Tabular):
    """Pruned reservoir with its records, as returned by :func:`prune`."""

    reservoir: Reservoir
    origin: NDArray[np.int64]  #: (N,) index of each neuron in the dense network
    records: tuple[PruningRecord, ...]  #: records of iterations 0 (the dense network), 1, 2, ...
    seconds: tuple[dict[str, float], ...]  #: wall-clock time of each iteration, by step
    reservoirs: tuple[Reservoir, ...] = field(default=(), repr=False)  #: network of each iteration, with ``keep=True``

    def table(self) -> dict[str, list[Any]]:
        """Return the numbers of all records as a table with a row for each iteration: columns by name."""
        plain = [one.name for one in fields(PruningRecord) if one.name != "numbers"]
        table = {name: [getattr(one, name) for one in self.records] for name in plain}
        table = {name: values for name, values in table.items() if not isinstance(values[0], tuple)}
        for name in dict.fromkeys(key for one in self.records for key in one.numbers):
            table[name] = [one.numbers.get(name, float("nan")) for one in self.records]
        return table


@takes(duration="ms", hold="ms")
def noise(channels: int, duration: float = 2000.0, seed: int = 0, hold: float = 20.0) -> Currents:
    """Draw a noise stimulus: independent uniform numbers in (-1, 1) on every channel.

    Parameters
    ----------
    channels : int
    duration, hold : float
        Total duration, and time for which each number is held (ms).
    seed : int

    Returns
    -------
    Currents

    Examples
    --------
    >>> noise(3)
    Currents(1 sample, 100 values of 20 ms, 3 channels)
    """
    channels = count_of("channels", channels, most=MOST_CHANNELS)
    values_each = duration_of("duration", duration) / positive("hold", hold, "ms")
    check_memory("duration", duration, 16 * channels * values_each, f"noise of {values_each:.2g} values")
    count = max(1, round(values_each))
    values = generator(seed, "noise").uniform(-1, 1, (1, count, channels))
    return Currents(values, dt=hold)


@takes()
def budgets(start: int, target: float, iterations: int) -> list[int]:
    """Return the numbers that remain after iterations 0, 1, ...: ``round(n_0 (1 - s)^(t / iterations))``.

    Examples
    --------
    >>> budgets(1000, 0.9, 2)
    [1000, 316, 100]
    """
    check_memory("iterations", iterations, 40 * iterations, "their budgets")
    return [round(start * (1 - target) ** (t / iterations)) for t in range(iterations + 1)]


@overload
def prune(
    reservoir: Reservoir,
    method: PruningMethod | None = ...,
    *,
    iterations: int = ...,
    synapse_target: float = ...,
    neuron_target: float | None = ...,
    restore: Restore | None = ...,
    stimulus: Stimulus | None = ...,
    exponents: Exponents | None = ...,
    refresh: int = ...,
    score: Callable[[Reservoir], float] | None = ...,
    seed: int = ...,
    spec: ReservoirSpec | None = ...,
    engine: str = ...,
    out: str | os.PathLike[str] | None = ...,
    resume: bool = ...,
    keep: bool = ...,
    progress: bool | Callable[[float, float], None] = ...,
) -> Pruning: ...


@overload
def prune(
    reservoir: networkx.DiGraph | csr_array,
    method: PruningMethod | None = ...,
    *,
    iterations: int = ...,
    synapse_target: float = ...,
    neuron_target: float | None = ...,
    restore: Restore | None = ...,
    stimulus: Stimulus | None = ...,
    exponents: Exponents | None = ...,
    refresh: int = ...,
    score: Callable[[Reservoir], float] | None = ...,
    seed: int = ...,
    spec: ReservoirSpec | None = ...,
    engine: str = ...,
    out: str | os.PathLike[str] | None = ...,
    resume: bool = ...,
    keep: bool = ...,
    progress: bool | Callable[[float, float], None] = ...,
) -> Any: ...


@takes()
def prune(
    reservoir: Reservoir | networkx.DiGraph | csr_array,
    method: PruningMethod | None = None,
    *,
    iterations: int = 100,
    synapse_target: float = 0.95,
    neuron_target: float | None = None,
    restore: Restore | None = None,
    stimulus: Stimulus | None = None,
    exponents: Exponents | None = None,
    refresh: int = 10,
    score: Callable[[Reservoir], float] | None = None,
    seed: int = 0,
    spec: ReservoirSpec | None = None,
    engine: str = "auto",
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    keep: bool = False,
    progress: bool | Callable[[float, float], None] = False,
) -> Any:
    """Prune a reservoir, a weighted directed graph or a sparse matrix iteratively, without labels.

    After iteration t, ``n_0 (1 - s)^(t / iterations)`` links remain, rounded; likewise for neurons.

    Parameters
    ----------
    reservoir : Reservoir, networkx.DiGraph or sparse array (N_0, N_0)
        N_0 neurons and n_0 recurrent links. A graph is pruned as ``Reservoir.from_graph(graph, spec, seed)``; entry (i, j)
        of a matrix is the weight of the link from i to j, as in NetworkX.
    method : PruningMethod, optional
        :class:`LNP` by default; any object with a method ``prune`` like it.
    iterations : int
    synapse_target, neuron_target : float
        Shares removed in the end, from 0 to below 1. Default for neurons: that of the method, for :class:`LNP` half the
        target for links, for most methods 0.
    restore : {"none", "bias", "sums", "both", "rate"}, optional
        What a neuron is given back of the input that it loses in an iteration
        (:func:`hrsnn.networks.restoration.restored`): its mean as a bias, the dense network's sums of weights, or both; with
        "rate" all biases are then shifted by one value with which the mean rate under the noise is that of the dense
        network. Default: "bias", unless the method states another.
    stimulus : SpikeTrains or Currents, optional
        Input while rates, covariances and exponents are measured (exponents with its first sample only). Default: 2 s of
        :func:`noise`.
    exponents : {"local", "v", "all"} or callable, optional
        Lyapunov exponent of each neuron (1/s): that of its own block, which needs no vectors, without the decay of its
        currents; its share of the whole spectrum over v, or over v and currents; or a function of a reservoir. Default:
        "local", where the method uses any.
    refresh : int
        Exponents are measured at the beginning, after every `refresh` iterations and at the end. In between, the method uses
        the last exponents of each neuron, and the records have nan.
    score : callable, optional
        Function of a reservoir whose value is stored in the records, and not used otherwise.
    seed : int
    spec : ReservoirSpec, optional
        For a graph or a matrix: where the constants come from that it does not have.
    engine : str
    out : path, optional
        Folder for a checkpoint after each iteration.
    resume : bool
        Resume from the checkpoint in `out`, if there is one: the result has the same bytes as that of an uninterrupted run.
    keep : bool
        Keep the network of every iteration, in ``reservoirs`` and in `out`.
    progress : bool or callable

    Returns
    -------
    Pruning, networkx.DiGraph or sparse array
        For a reservoir its records and the pruned network. For a graph the graph that is left, with its labels and
        attributes (:func:`hrsnn.networks.graphs.pruned.pruned_graph`); for a matrix the matrix of the neurons that remain,
        in their order.

    Raises
    ------
    InputError
        When a target is out of range, would remove nothing, or leaves no link, no inhibitory or no input neuron; and when
        `exponents` are given to a method that uses none, or `spec` with a reservoir.
    FileError
        When `out` contains a run and `resume` is off, or a run with other settings, or a damaged one; no file is changed.

    Notes
    -----
    There is no training here, and labels are never used. An iteration for which rounding leaves nothing to remove changes
    nothing, but for what a method does at the end of a run. If the remaining neurons had fewer links in the dense network
    than the budget allows (a target for neurons that is strict compared with that for links), all of these are kept and the
    record gives their number. Links of weight 0 are links, and the first to be removed by any score of their weight. Neurons
    without links are not removed as such. A graph that falls apart is pruned further: the records count its weakly
    connected components.

    Everything runs on one BLAS thread: same seed, same machine, same bytes.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> pruned = prune(build(ReservoirSpec(neurons=60), seed=1), iterations=5, synapse_target=0.8)
    >>> [record.links for record in pruned.records] == budgets(pruned.records[0].links, 0.8, 5)
    True

    A graph keeps its labels.

    >>> import networkx
    >>> ring = networkx.relabel_nodes(networkx.circulant_graph(12, [1, 2]).to_directed(), "abcdefghijkl".__getitem__)
    >>> sorted(prune(ring, LNP(timescales=False), iterations=2, synapse_target=0.5, neuron_target=0.5))[:3]
    ['b', 'd', 'e']

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section V and fig. 10.
    """
    given: Any = reservoir
    reservoir = _reservoir_of(given, spec, seed)
    method = LNP() if method is None else method
    if not isinstance(method, PruningMethod):
        raise InputError("method", method, "must have a method prune(context)")
    iterations, refresh = repeats_of("iterations", iterations), count_of("refresh", refresh)
    neuron_target = usual_neuron_target(method, synapse_target) if neuron_target is None else neuron_target
    links, neurons = _plan(reservoir, iterations, synapse_target, neuron_target)
    restore = checked_restore(getattr(method, "usual_restore", "bias") if restore is None else restore)
    wanted = bool(getattr(method, "uses_exponents", True))
    if exponents is not None and not wanted:
        raise InputError("exponents", exponents, "must be left out: the method uses none")
    exponents = "local" if exponents is None else exponents
    generator(seed)
    stimulus = noise(reservoir.channels, seed=seed) if stimulus is None else stimulus
    measure = Measurements(stimulus, exponents, wanted, seed, engine)
    checkpoint = None
    if out is not None:
        settings = {
            "network": reservoir.fingerprint,
            "method": repr(method),
            "iterations": iterations,
            "synapse_target": synapse_target,
            "neuron_target": neuron_target,
            "restore": restore,
            "stimulus": digest_of(stimulus),
            "exponents": exponents if isinstance(exponents, str) else _name(exponents),
            "refresh": refresh,
            "score": None if score is None else _name(score),
            "seed": seed,
            "engine": engine,
            "keep": keep,
        }
        checkpoint = Checkpoint(Path(out), settings, keep)
    elif resume:
        raise InputError("resume", resume, "needs out, the folder of the run")
    alone = contextlib.nullcontext() if checkpoint is None else checkpoint.alone()
    with alone, one_blas_thread(), progress_bar(progress, iterations, "iterations") as done:
        found = _run(reservoir, method, links, neurons, restore, measure, refresh, score, checkpoint, resume, keep, done)
    return found if given is reservoir else _like(given, reservoir, found)


def _reservoir_of(given: Any, spec: ReservoirSpec | None, seed: int) -> Reservoir:
    if not isinstance(given, Reservoir):
        return Reservoir.from_graph(graph_of_matrix(given) if issparse(given) else given, spec, seed)
    if spec is not None:
        raise InputError("spec", spec, "is for a graph: a reservoir has its own constants")
    return given


def _like(given: Any, dense: Reservoir, found: Pruning) -> Any:
    """Return the pruned network as a graph or a matrix, as which it was given."""
    graph = graph_of_matrix(given) if issparse(given) else given
    left = pruned_graph(graph, dense, found.reservoir, found.origin)
    return matrix_of_graph(left, list(left)) if issparse(given) else left


def usual_neuron_target(method: PruningMethod, synapse_target: float) -> float:
    """Return the target for neurons of a method for a target for links.

    Examples
    --------
    >>> usual_neuron_target(LNP(), 0.9)
    0.45
    """
    share = float(getattr(method, "neuron_share", 0.0))
    return share * synapse_target if is_number(synapse_target) else 0.0


def _run(
    dense: Reservoir,
    method: PruningMethod,
    links: list[int],
    neurons: list[int],
    restore: Restore,
    measure: Measurements,
    refresh: int,
    score: Callable[[Reservoir], float] | None,
    checkpoint: Checkpoint | None,
    resume: bool,
    keep: bool,
    done: Callable[[float], None],
) -> Pruning:
    kept_networks: list[Reservoir] = []
    before = _begin(checkpoint, resume)
    if before is not None:
        now = before
        if measure.wanted and now.exponents is None and checkpoint is not None and len(now.records) < len(links):
            raise FileError(checkpoint.folder, "has a damaged checkpoint: it has no exponents, which the method uses")
        activity = measure.activity(now.reservoir)
        if keep and checkpoint is not None:
            kept_networks = checkpoint.networks(len(now.records) - 1)
    else:
        activity = measure.activity(dense)
        values, leading = measure.stability(dense, whole=True)
        origin = np.arange(dense.neurons)
        scored = _scored(score, dense)
        first = record_of(dense, dense, origin, activity, leading, leading, iteration=0, budget=links[0], score=scored)
        now = Progress(dense, origin, values, (first,), ({},))
        kept_networks = [dense] if keep else []
        if checkpoint is not None:
            checkpoint.prepare()
            checkpoint.save(now)
    # the record of the dense network has only the largest
    dense_leading = leading if before is None else measure.stability(dense, whole=False)[1]
    for t in range(len(now.records), len(links)):
        refreshed = t % refresh == 0 or t == len(links) - 1
        context = PruningContext(
            reservoir=now.reservoir,
            dense=dense,
            origin=now.origin,
            links=min(links[t], now.reservoir.synapses),
            neurons=min(neurons[t], now.reservoir.neurons),
            iteration=t,
            last=len(links) - 1,
            seed=measure.seed,
            stimulus=measure.stimulus,
            activity=activity,
            engine=measure.engine,
            previous=now.records[-1].numbers,
            known_exponents=now.exponents,
            eigenvectors_up_to=EIGENVECTOR_LIMIT if refreshed else OFTEN_LIMIT,
        )
        found = bool(getattr(method, "finds_sizes", False))
        nothing = not found and (context.links, context.neurons) == (now.reservoir.synapses, now.reservoir.neurons)
        kept, numbers, smaller = np.ones(now.reservoir.neurons, dtype=bool), {}, now.reservoir
        if not nothing:
            pruned = method.prune(context)
            _check_budget(method, context, pruned)
            kept, numbers, origin = pruned.kept, dict(pruned.numbers), now.origin[pruned.kept]
            smaller = restored(pruned.reservoir, kept, now.reservoir, dense, origin, context.rates, restore)
            if restore == "rate":
                with context.watch("rate"):
                    smaller = measure.at_rate(smaller, now.records[0].mean_rate)
        finish = getattr(method, "finish", None)
        if finish is not None and (not nothing or t == len(links) - 1):
            smaller, more = finish(context, smaller)
            numbers |= more
        with context.watch("simulation"):
            activity = measure.activity(smaller)
        values, leading = None if now.exponents is None else now.exponents[kept], None
        if refreshed:
            with context.watch("exponents"):
                values, leading = measure.stability(smaller, whole=t < len(links) - 1)
        with context.watch("record"):
            others: dict[str, Any] = {
                "iteration": t,
                "budget": links[t],
                "numbers": numbers,
                "score": _scored(score, smaller),
                "eigenvectors_up_to": context.eigenvectors_up_to,
            }
            record = record_of(smaller, dense, now.origin[kept], activity, leading, dense_leading, **others)
        seconds = (*now.seconds, context.watch.seconds)
        now = Progress(smaller, now.origin[kept], values, (*now.records, record), seconds)
        if keep:
            kept_networks.append(smaller)
        if checkpoint is not None:
            checkpoint.save(now)
        done(t)
    return Pruning(now.reservoir, now.origin, now.records, tuple(dict(s) for s in now.seconds), tuple(kept_networks))


def _check_budget(method: PruningMethod, context: PruningContext, pruned: PrunedNetwork) -> None:
    """Check that a method, of another package too, returned a network of the size asked for."""
    smaller, kept = pruned.reservoir, np.asarray(pruned.kept)
    found = bool(getattr(method, "finds_sizes", False))
    fault = ""
    if kept.dtype != np.bool_ or kept.shape != (context.reservoir.neurons,) or kept.sum() != smaller.neurons:
        fault = f"kept must be a mask of {context.reservoir.neurons} neurons with the {smaller.neurons} of the network"
    elif not found and smaller.neurons not in (context.neurons, context.reservoir.neurons):  # a method may remove only links
        fault = f"{smaller.neurons} neurons instead of {context.neurons}"
    elif not found and smaller.synapses > context.links:
        fault = f"{smaller.synapses} links where the budget is {context.links}"
    if fault:
        raise InputError("method", method, f"did not keep to its contract in iteration {context.iteration}: {fault}")


def _begin(checkpoint: Checkpoint | None, resume: bool) -> Progress | None:
    """Return the state to resume from, if there is one and `resume` is on."""
    if checkpoint is None or not checkpoint.exists():
        return None
    if not resume:
        raise FileError(checkpoint.folder, "holds a pruning run: resume it, or choose another folder")
    progress = checkpoint.load()
    checkpoint.forget_before(progress.records[-1].iteration)  # a run that was killed while saving leaves two
    return progress


def _plan(
    reservoir: Reservoir, iterations: int, synapse_target: float, neuron_target: float | None
) -> tuple[list[int], list[int]]:
    for name, value in (("synapse_target", synapse_target), ("neuron_target", neuron_target)):
        known = value is None or is_number(value)
        if not known or not (value is None or 0 <= value < 1):
            raise InputError(name, value, "must be a share that is gone in the end, from 0 to below 1")
    if not reservoir.synapses:
        raise InputError("reservoir", "without recurrent links", "must have some to prune")
    links = budgets(reservoir.synapses, synapse_target, iterations)
    neurons = budgets(reservoir.neurons, neuron_target or 0.0, iterations)
    if links[-1] < 1:
        raise InputError("synapse_target", synapse_target, f"leaves none of the {reservoir.synapses} links")
    if links[-1] == links[0] and neurons[-1] == neurons[0]:
        raise InputError("synapse_target", synapse_target, "would remove nothing, and neuron_target neither")
    needed = 1 + int((~reservoir.is_excitatory).any())
    if neurons[-1] < max(2, needed):
        raise InputError("neuron_target", neuron_target, "must leave two neurons, an inhibitory one and an input target")
    return links, neurons


def _scored(score: Callable[[Reservoir], float] | None, reservoir: Reservoir) -> float:
    return float("nan") if score is None else float(score(reservoir))


def _name(function: Any) -> str:
    """Return the name of a function in a checkpoint: without its module, so that files can be moved, and its address."""
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{_name(function.func)}({', '.join(given)})"
    kind: Any = type(function)
    of_address = kind.__repr__ is object.__repr__
    return str(getattr(function, "__qualname__", None) or (kind.__qualname__ if of_address else repr(function)))
