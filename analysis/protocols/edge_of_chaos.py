"""Lyapunov exponents of a reservoir under random input, and a map of the sign of the largest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.lyapunov.spectrum import LyapunovSpectrum, checked_options, lyapunov_spectrum
from hrsnn.analysis.lyapunov.stimulus import driven_by
from hrsnn.analysis.runs.rates import Rates
from hrsnn.builder import build
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.parallel import run_all
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks.memory import memory
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from distributed import Client

Array = NDArray[np.float64]

#: Time for which each random number is held (ms).
_HOLD = 20.0


@dataclass(frozen=True)
class Chaos(Displayed):
    """Lyapunov spectrum of a reservoir with and without recurrent links, as returned by :func:`chaos`."""

    spectrum: LyapunovSpectrum
    uncoupled: LyapunovSpectrum  #: spectrum of the same neurons without recurrent links, under the same input
    reservoir: Reservoir
    stimulus: Stimulus
    rates: Rates
    timing: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ChaosMap(Displayed):
    """Map of lambda_1, as returned by :func:`chaos_map`: arrays (length scales, weight scales, seeds)."""

    length_scale: Array  #: (rows,) lambda of the distance law, in grid spacings
    weight_scale: Array  #: (columns,) W_scale
    largest: Array  #: lambda_1 without silent neurons (1/s); nan if all are silent
    standard_error: Array  #: 1/s
    rate: Array  #: Hz
    silent_share: Array


@takes(duration="ms")
def random_drive(duration: float, seed: int, channels: int = 1) -> Currents:
    """Draw random numbers, uniform in (-1, 1), each held for 20 ms: the input of the memory task, equal in all channels."""
    duration = duration_of("duration", duration)
    check_memory("duration", duration, 16 * channels * duration / _HOLD, "the input")
    values = int(np.ceil(duration / _HOLD * (1 - 1e-12)))
    numbers = memory(values=max(values, 4), hold=_HOLD, washout=0, seed=seed).inputs[None, :values]
    return Currents(np.repeat(numbers, channels, axis=2), dt=_HOLD)


@takes(duration="ms", washout="ms", interval="ms")
def chaos(
    spec: ReservoirSpec | None = None,
    *,
    seed: int = 0,
    duration: float = 2000.0,
    washout: float = 200.0,
    drive: str = "values",
    count: int | None = None,
    interval: float = 20.0,
    progress: bool = False,
) -> Chaos:
    """Compute the Lyapunov spectrum of a reservoir under random input, with and without recurrent links.

    Parameters
    ----------
    spec : ReservoirSpec, optional
    seed : int
        Seed of the reservoir, its input and its background.
    duration, washout : float
        Measured time and washout before it (ms); together rounded up to whole values of 20 ms.
    drive : {"values", "none"}
        Random numbers held for 20 ms, as in the memory task; or only the bias and the background.
    count : int, optional
        Number of exponents; all by default.
    interval : float
        ms between two orthonormalisations.
    progress : bool

    Returns
    -------
    Chaos

    Raises
    ------
    InputError
        When an option is not allowed, or the model has adaptation or short-term plasticity.

    Examples
    --------
    >>> chaos(ReservoirSpec(neurons=20), duration=200.0).spectrum.exponents.shape
    (60,)
    """
    if drive not in ("values", "none"):
        raise InputError("drive", drive, "must be values or none")
    total = duration_of("duration", duration) + duration_of("washout", washout, zero=True)
    reservoir = build(spec or ReservoirSpec(), seed)
    checked_options(reservoir, count, interval)
    watch = Stopwatch()
    stimulus = random_drive(total, seed) if drive == "values" else driven_by(total, 1)

    def run(one: Reservoir) -> LyapunovSpectrum:
        with watch("exponents"):
            return lyapunov_spectrum(
                one, stimulus, count=count, interval=interval, washout=washout, seed=seed, progress=progress
            )

    spectrum, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    rates = Rates(spectrum.rate, float(spectrum.silent.mean()), spectrum.rate * (total - washout) / 1000)
    return Chaos(spectrum, uncoupled, reservoir, stimulus, rates, watch.seconds)


@takes(duration="ms", washout="ms")
def chaos_map(
    spec: ReservoirSpec | None = None,
    *,
    weight_scales: Sequence[float] = (0, 2.5, 5, 7.5, 10, 12.5),
    length_scales: Sequence[float] = (1, 1.5, 2, 2.5, 3),
    seeds: Sequence[int] = (0,),
    duration: float = 2000.0,
    washout: float = 200.0,
    jobs: int = 1,
    cluster: Client | str | None = None,
    progress: bool | Callable[[float, float], None] = False,
) -> ChaosMap:
    """Compute lambda_1 over weight scale and length scale, to locate the transition from order to chaos.

    Parameters
    ----------
    spec : ReservoirSpec, optional
        All other settings.
    weight_scales, length_scales : sequence of float
        ``weight_scale`` and ``length_scale`` of the spec.
    seeds : sequence of int
        Seeds, each of a reservoir, its input and its background.
    duration, washout : float
        Measured time and washout before it (ms).
    jobs : int
        Number of parallel processes; results do not depend on it.
    cluster : distributed.Client or str, optional
        Cluster to use instead of local processes: see :func:`hrsnn.runtime.parallel.run_all`.
    progress : bool or callable

    Returns
    -------
    ChaosMap

    Raises
    ------
    InputError
        When a sequence is empty, or a value is not allowed.

    Notes
    -----
    The input is :func:`random_drive`, the same at all points for a given seed.

    Examples
    --------
    >>> small = chaos_map(ReservoirSpec(neurons=20), weight_scales=[0, 5], length_scales=[2], duration=200.0)
    >>> small.largest.shape
    (1, 2, 1)
    """
    base = spec or ReservoirSpec()
    for name, given in (("weight_scales", weight_scales), ("length_scales", length_scales), ("seeds", seeds)):
        if not len(given):
            raise InputError(name, given, "must hold at least one value")
    specs = [
        base.updated({"length_scale": float(length), "weight_scale": float(weight)})
        for length, weight in product(length_scales, weight_scales)
    ]
    points = [_Point(one, seed, duration, washout) for one in specs for seed in seeds]
    found = np.array(run_all(_of_point, points, jobs=jobs, cluster=cluster, progress=progress))
    grid = found.reshape(len(length_scales), len(weight_scales), len(seeds), -1)
    return ChaosMap(
        np.array(length_scales, float), np.array(weight_scales, float), *(grid[..., k] for k in range(grid.shape[-1]))
    )


@dataclass(frozen=True)
class _Point:
    """Parameters of one reservoir of a map."""

    spec: ReservoirSpec
    seed: int
    duration: float
    washout: float


def _of_point(point: _Point) -> tuple[float, float, float, float]:
    """Return lambda_1 without silent neurons, its standard error, the rate, and the share of silent neurons."""
    drive = random_drive(point.duration + point.washout, point.seed)
    found = lyapunov_spectrum(build(point.spec, point.seed), drive, count=1, washout=point.washout, seed=point.seed)
    return found.largest_active, found.active_error, found.rate, float(found.silent.mean())
