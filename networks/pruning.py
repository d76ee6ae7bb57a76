"""Iterative pruning: a method applied repeatedly, with a record and a checkpoint of each iteration."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import lyapunov_spectrum
from hrsnn.errors import FileError, InputError
from hrsnn.networks.laplacian import EIGENVECTOR_LIMIT, OFTEN_LIMIT
from hrsnn.networks.methods.contract import PruningContext, PruningMethod
from hrsnn.networks.methods.lyapunov_noise import LNP
from hrsnn.networks.pruning_checkpoint import Checkpoint, Progress, digest_of
from hrsnn.networks.pruning_record import PruningRecord, record_of
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.annotations import is_number
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, duration_of, positive, repeats_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Exponents = Literal["local", "v", "all"] | Callable[[Reservoir], Array]

_WINDOW = 50.0  # ms, of the counts that a measured covariance is made of
_WASHOUT = 200.0  # ms before exponents count


@dataclass(frozen=True)
class Pruning:
    """The outcome of :func:`prune`."""

    reservoir: Reservoir
    origin: NDArray[np.int64]  #: (N,) which neuron of the dense network each neuron is
    records: tuple[PruningRecord, ...]  #: of iterations 0 (the dense network), 1, 2, ...
    seconds: tuple[dict[str, float], ...]  #: wall time of each, by step
    reservoirs: tuple[Reservoir, ...] = field(default=(), repr=False)  #: of each, where they were to be kept


@takes(duration="ms", hold="ms")
def noise(channels: int, duration: float = 2000.0, seed: int = 0, hold: float = 20.0) -> Currents:
    """A stimulus that says nothing: independent uniform numbers in (-1, 1) on every channel.

    Parameters
    ----------
    channels : int
    duration, hold : float
        ms, and how long each number is held.
    seed : int

    Returns
    -------
    Currents

    Examples
    --------
    >>> noise(3)
    Currents(1 samples, 100 values of 20 ms, 3 channels)
    """
    channels = count_of("channels", channels, most=MOST_CHANNELS)
    values_each = duration_of("duration", duration) / positive("hold", hold, "ms")
    check_memory("duration", duration, 16 * channels * values_each, f"noise of {values_each:.2g} values")
    count = max(1, round(values_each))
    values = generator(seed, "noise").uniform(-1, 1, (1, count, channels))
    return Currents(values, dt=hold)


@takes()
def budgets(start: int, target: float, iterations: int) -> list[int]:
    """How many are left after iterations 0, 1, ...: ``round(n_0 (1 - s)^(t / iterations))``.

    Examples
    --------
    >>> budgets(1000, 0.9, 2)
    [1000, 316, 100]
    """
    check_memory("iterations", iterations, 40 * iterations, "their budgets")
    return [round(start * (1 - target) ** (t / iterations)) for t in range(iterations + 1)]


@takes()
def prune(
    reservoir: Reservoir,
    method: PruningMethod | None = None,
    *,
    iterations: int = 100,
    synapse_target: float = 0.95,
    neuron_target: float | None = None,
    stimulus: Stimulus | None = None,
    exponents: Exponents = "local",
    refresh: int = 10,
    score: Callable[[Reservoir], float] | None = None,
    seed: int = 0,
    engine: str = "auto",
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    keep: bool = False,
    progress: bool | Callable[[float, float], None] = False,
) -> Pruning:
    """Prune a reservoir step by step, without labels.

    After iteration t, ``n_0 (1 - s)^(t / iterations)`` links (and as much of the neurons) are left, rounded.

    Parameters
    ----------
    reservoir : Reservoir
        N_0 neurons and n_0 recurrent links.
    method : PruningMethod, optional
        :class:`LNP` by default; any object with its method ``prune``.
    iterations : int
    synapse_target, neuron_target : float
        Shares that are gone in the end, from 0 to below 1. Neurons stay by default.
    stimulus : SpikeTrains or Currents, optional
        What drives the network while rates, covariances and exponents are measured (exponents by its first sample alone).
        By default 2 s of :func:`noise`.
    exponents : {"local", "v", "all"} or callable
        A Lyapunov exponent for each neuron (1/s): of its own block, which needs no vectors, without its currents' decay; of
        the whole spectrum over its v, or over its v and currents; or a function of a reservoir.
    refresh : int
        Exponents are measured at the beginning, after every so many iterations and at the end. Between, the method goes on
        with the last ones of each neuron, and the records have none (nan).
    score : callable, optional
        Of a reservoir; what it returns goes into the records, and nowhere else.
    seed : int
    engine : str
    out : path, optional
        Folder for a checkpoint after each iteration.
    resume : bool
        Go on from the checkpoint in `out`, if there is one: the result has the bytes of a run that was never interrupted.
    keep : bool
        Keep the network of every iteration, in ``reservoirs`` and in `out`.
    progress : bool or callable

    Returns
    -------
    Pruning

    Raises
    ------
    InputError
        When a target is out of range, would remove nothing, or leaves no link, no inhibitory or no input neuron.
    FileError
        When `out` holds a run and `resume` is off, or one with other settings, or a damaged one; what is there stays.

    Notes
    -----
    Weights are as they are: nothing learns here. Labels never come in. Where rounding leaves an iteration nothing to remove,
    it changes nothing. Where the neurons that are left have fewer links in the dense network than the budget allows (their
    target is strict beside that of the links), all of these stay and the record says how many they are. Links of weight 0
    are links, and the first to go by any score of their weight. Neurons without links stay as long as others do.
    A graph that falls apart is pruned further: the records count its weakly connected components.

    Everything runs on one BLAS thread: same seed, same machine, same bytes.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> pruned = prune(build(ReservoirSpec(neurons=60), seed=1), iterations=5, synapse_target=0.8)
    >>> [record.links for record in pruned.records] == budgets(pruned.records[0].links, 0.8, 5)
    True

    References
    ----------
    Chakraborty & Mukhopadhyay, section V and fig. 10.
    """
    method = LNP() if method is None else method
    if not isinstance(method, PruningMethod):
        raise InputError("method", method, "must have a method prune(context)")
    iterations, refresh = repeats_of("iterations", iterations), count_of("refresh", refresh)
    links, neurons = _plan(reservoir, iterations, synapse_target, neuron_target)
    generator(seed)
    stimulus = noise(reservoir.channels, seed=seed) if stimulus is None else stimulus
    measure = _Measure(stimulus, exponents, bool(getattr(method, "uses_exponents", True)), seed, engine)
    checkpoint = None
    if out is not None:
        settings = {
            "network": reservoir.fingerprint,
            "method": repr(method),
            "iterations": iterations,
            "synapse_target": synapse_target,
            "neuron_target": neuron_target,
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
        return _run(reservoir, method, links, neurons, measure, refresh, score, checkpoint, resume, keep, seed, done)


def _run(
    dense: Reservoir,
    method: PruningMethod,
    links: list[int],
    neurons: list[int],
    measure: _Measure,
    refresh: int,
    score: Callable[[Reservoir], float] | None,
    checkpoint: Checkpoint | None,
    resume: bool,
    keep: bool,
    seed: int,
    done: Callable[[float], None],
) -> Pruning:
    kept_networks: list[Reservoir] = []
    before = _begin(checkpoint, resume)
    if before is not None:
        now = before
        activity = measure.activity(now.reservoir)
        if keep and checkpoint is not None:
            kept_networks = checkpoint.networks(len(now.records) - 1)
    else:
        activity = measure.activity(dense)
        values, largest = measure.stability(dense, whole=True)
        origin = np.arange(dense.neurons)
        scored = _scored(score, dense)
        first = record_of(dense, dense, origin, activity, largest, iteration=0, budget=links[0], score=scored)
        now = Progress(dense, origin, values, (first,), ({},))
        kept_networks = [dense] if keep else []
        if checkpoint is not None:
            checkpoint.prepare()
            checkpoint.save(now)
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
            seed=seed,
            stimulus=measure.stimulus,
            activity=activity,
            known_exponents=now.exponents,
            eigenvectors_up_to=EIGENVECTOR_LIMIT if refreshed else OFTEN_LIMIT,
        )
        nothing = (context.links, context.neurons) == (now.reservoir.synapses, now.reservoir.neurons)
        kept, numbers, smaller = np.ones(now.reservoir.neurons, dtype=bool), {}, now.reservoir
        if not nothing or t == len(links) - 1:
            pruned = method.prune(context)
            kept, numbers, smaller = pruned.kept, dict(pruned.numbers), pruned.reservoir
        with context.watch("simulation"):
            activity = measure.activity(smaller)
        values, largest = None if now.exponents is None else now.exponents[kept], float("nan")
        if refreshed:
            with context.watch("exponents"):
                values, largest = measure.stability(smaller, whole=t < len(links) - 1)
        with context.watch("record"):
            others: dict[str, Any] = {
                "iteration": t,
                "budget": links[t],
                "numbers": numbers,
                "score": _scored(score, smaller),
                "eigenvectors_up_to": context.eigenvectors_up_to,
            }
            record = record_of(smaller, dense, now.origin[kept], activity, largest, **others)
        seconds = (*now.seconds, context.watch.seconds)
        now = Progress(smaller, now.origin[kept], values, (*now.records, record), seconds)
        if keep:
            kept_networks.append(smaller)
        if checkpoint is not None:
            checkpoint.save(now)
        done(t)
    return Pruning(now.reservoir, now.origin, now.records, tuple(dict(s) for s in now.seconds), tuple(kept_networks))


@dataclass(frozen=True)
class _Measure:
    """How a network behaves under the noise."""

    stimulus: Stimulus
    exponents: Exponents
    wanted: bool  #: whether the method reads the exponents of the neurons
    seed: int
    engine: str

    def activity(self, reservoir: Reservoir) -> Activity:
        """Spike counts, whole and in windows."""
        count = max(2, round(float(self.stimulus.durations[0]) / _WINDOW))
        return simulate(reservoir, self.stimulus, record=("counts",), windows=count, engine=self.engine, seed=self.seed)

    def stability(self, reservoir: Reservoir, whole: bool) -> tuple[Array | None, float]:
        """An exponent for each neuron, where the method reads them, and lambda_1 without silent neurons."""
        if reservoir.adaptation.any() or reservoir.short_term is not None:
            if self.wanted and not callable(self.exponents):
                # says which of the two
                lyapunov_spectrum(reservoir, self.stimulus)
            return self.exponents(reservoir) if callable(self.exponents) and whole else None, float("nan")
        full = whole and self.wanted and self.exponents in ("v", "all")
        washout = min(_WASHOUT, float(self.stimulus.durations[0]) / 4)
        count = None if full else 1
        found = lyapunov_spectrum(reservoir, self.stimulus, count=count, washout=washout, seed=self.seed)
        if not self.wanted or not whole:
            return None, found.largest_active
        if callable(self.exponents):
            return np.asarray(self.exponents(reservoir), dtype=np.float64), found.largest_active
        if self.exponents == "local":
            # the currents of all neurons decay alike: with them, no neuron would stand out
            return found.per_neuron_local + 1000 / reservoir.tau_exc + 1000 / reservoir.tau_inh, found.largest_active
        return (found.per_neuron_v if self.exponents == "v" else found.per_neuron), found.largest_active


def _begin(checkpoint: Checkpoint | None, resume: bool) -> Progress | None:
    """The state to go on from, if there is one and it is asked for."""
    if checkpoint is None or not checkpoint.exists():
        return None
    if not resume:
        raise FileError(checkpoint.folder, "holds a pruning run: resume it, or choose another folder")
    progress = checkpoint.load()
    checkpoint.forget_before(progress.records[-1].iteration)  # a run killed in between leaves two
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
    """What a checkpoint calls a function: without its module, so that a file may move."""
    return str(getattr(function, "__qualname__", None) or repr(function))
