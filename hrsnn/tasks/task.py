"""Types of tasks: split data with an encoder and a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.display import Displayed
from hrsnn.display.text import counted
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks.rate_coding import rate_encoder
from hrsnn.tasks.scale import Scale
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import take_fields, takes

#: Parts of a training part that are its validation part: a share of the samples, one in so many values.
_VALIDATION_SAMPLES, _VALIDATION_VALUES = 0.3, 4


@dataclass(frozen=True)
class ClassificationTask(Displayed):
    """Samples with labels, split into a training and a test part.

    Attributes
    ----------
    name : str
        Name of the task for `load_task`.
    x_train, x_test : ndarray (samples, channels), list of waveforms, or SpikeTrains
        Raw input. Training samples are in random order, so that online learning does not see one class after another.
    y_train, y_test : ndarray, (samples,)
        Labels.
    classes : ndarray
        Distinct labels, sorted.
    encoder : unfitted scikit-learn transformer, or None
        Encoder of raw input as `SpikeTrains` or `Currents`; None where the input is `SpikeTrains` already.
    raw_baseline : unfitted scikit-learn classifier
        Linear classifier of the raw input, as a baseline for spiking networks.
    raw_baseline_name : str
        Description of the baseline.
    """

    name: str
    x_train: Any
    y_train: np.ndarray
    x_test: Any
    y_test: np.ndarray
    classes: np.ndarray
    encoder: Any
    raw_baseline: Any
    raw_baseline_name: str
    kind: ClassVar[str] = "classes"

    def _parts(self) -> Iterable[str]:
        yield repr(self.name)
        yield counted(len(self.classes), "class", "classes")
        yield f"{len(self.y_train)} training and {len(self.y_test)} test samples"
        yield "no encoder" if self.encoder is None else f"encoder {type(self.encoder).__name__}"

    def subset(self, train: int | None = None, test: int | None = None, seed: int = 0) -> ClassificationTask:
        """Return the task with a stratified random subset of the samples.

        Parameters
        ----------
        train, test : int, optional
            Number of samples to keep, at least one for each class; by default, or if there are not more, all.
        seed : int
            Seed of the draw.

        Raises
        ------
        InputError
            When a number is below the number of classes.

        Examples
        --------
        >>> from hrsnn.tasks import load_task
        >>> small = load_task("digits").subset(train=50, test=20)
        >>> len(small.x_train), len(small.x_test), [int(n) for n in np.bincount(small.y_test)]
        (50, 20, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
        """
        changed: dict[str, Any] = {}
        for part, count in (("train", train), ("test", test)):
            labels = getattr(self, f"y_{part}")
            if count is None or (isinstance(count, (int, np.integer)) and count >= len(labels)):
                continue
            if not is_whole(count) or count < len(self.classes):
                raise InputError(part, count, f"must be a whole number >= {len(self.classes)}, one sample a class")
            rows = np.sort(stratified_rows(labels, int(count), generator(seed, "subset", part)))
            changed[f"x_{part}"], changed[f"y_{part}"] = take(getattr(self, f"x_{part}"), rows), labels[rows]
        return replace(self, **changed)

    def validation_part(self) -> ClassificationTask:
        """Return the task with 30 % of the training part, stratified and always the same, as its test part.

        Examples
        --------
        >>> from hrsnn.tasks import load_task
        >>> task = load_task("digits").validation_part()
        >>> len(task.x_train), len(task.x_test)
        (944, 404)
        """
        rows, validation = split_rows(self.y_train, _VALIDATION_SAMPLES, 0)
        return replace(
            self,
            x_train=take(self.x_train, rows),
            y_train=self.y_train[rows],
            x_test=take(self.x_train, validation),
            y_test=self.y_train[validation],
        )

    def encoded(self) -> ClassificationTask:
        """Return the task with its samples as stimuli, from the encoder fitted to the training part, and no encoder."""
        if self.encoder is None:
            return self
        from sklearn.base import clone  # here, as importing scikit-learn takes two seconds

        encoder = clone(self.encoder).fit(self.x_train)
        train, test = encoder.transform(self.x_train), encoder.transform(self.x_test)
        return replace(self, x_train=train, x_test=test, encoder=None)


@dataclass(frozen=True)
class SeriesTask(Displayed):
    """Time series of inputs and targets, with a training and a test part.

    The first ``washout`` values, in which the reservoir's state becomes independent of its start, belong to neither part.
    Where a validation part is needed, it is the end of the training part.

    Attributes
    ----------
    name : str
        Name of the task for `load_task`.
    inputs : ndarray, (time, channels)
        Input values, standardised by the training part (or in [-1, 1] by construction).
    targets : ndarray, (time, outputs)
        Targets of a readout at the same index, in the units of the inputs.
    hold : float
        Time in ms for which each value is held.
    train, test : slice
        Ranges of the two parts; ``train.start == washout`` and ``test.start == train.stop``.
    washout : int
        Number of values before the training part.
    time_step : float
        Time from one value to the next in the units of the system; 1 where it has none.
    lyapunov_exponent : float or None
        Largest Lyapunov exponent of the system, per unit of its time; its inverse is the Lyapunov time.
    kind : {"series", "memory"}
        Whether targets are to be forecast, or past inputs reconstructed.
    horizon : int or None
        Number of values from an input to its target; None where targets are no later values.
    spikes : SpikeTrains or None
        The inputs as one sample of spike trains, one channel for each, which a network gets instead of currents; baselines
        read the inputs.
    encoder : PoissonEncoder or None
        Encoder of the inputs as spikes, fitted to the training part; from it, by default, come `spikes`.
    input_scale, target_scale : Scale or None
        By which inputs and targets were standardised; None where they are as they were made.
    outputs : tuple of str
        Names of the outputs, for figures; empty where they have none.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    hold: float
    train: slice
    test: slice
    washout: int
    time_step: float = 1.0
    lyapunov_exponent: float | None = None
    kind: Literal["series", "memory"] = "series"
    spikes: SpikeTrains | None = None
    encoder: Any = None
    horizon: int | None = None
    input_scale: Scale | None = None
    target_scale: Scale | None = None
    outputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        take_fields(self, hold="ms")
        if self.encoder is not None and self.spikes is None:
            object.__setattr__(self, "spikes", self.encoder.transform(self.inputs[None]))
        if self.outputs and len(self.outputs) != self.targets.shape[1]:
            raise InputError("outputs", self.outputs, f"must name each of the {self.targets.shape[1]} outputs")

    def _parts(self) -> Iterable[str]:
        yield repr(self.name)
        yield counted(self.inputs.shape[1], "channel")
        yield counted(self.targets.shape[1], "output")
        parts = (f"{part.stop - part.start} {name}" for name, part in (("training", self.train), ("test", self.test)))
        yield f"{self.washout} washout, {', '.join(parts)} values"
        yield f"{self.hold:g} ms a value"

    @classmethod
    def from_array(
        cls,
        values: ArrayLike,
        targets: ArrayLike | None = None,
        *,
        name: str = "array",
        horizon: int = 1,
        train: int | None = None,
        test: int | None = None,
        washout: int = 100,
        hold: float = 20.0,
        time_step: float = 1.0,
        lyapunov_exponent: float | None = None,
        encoding: str = "current",
        peak_rate: float = 200.0,
        seed: int = 0,
        outputs: Sequence[str] = (),
    ) -> SeriesTask:
        """Return the task of forecasting a series, `horizon` values ahead.

        Parameters
        ----------
        values : array (time,) or (time, channels)
            Inputs.
        targets : array (time,) or (time, outputs), optional
            What is forecast, at the same times as the inputs; by default the inputs themselves.
        name : str
        horizon : int
            Number of values from the input to the target.
        train, test : int, optional
            Numbers of values in the two parts, which follow one another after the washout. By default the test part is the
            last fifth of what the other leaves, or all that it leaves.
        washout : int
            Number of values before the training part.
        hold : float
            Time in ms for which each value is held.
        time_step : float
            Time from one value to the next in the units of the system.
        lyapunov_exponent : float, optional
            Of the system, per unit of its time.
        encoding : {"current", "poisson"}
            Whether a network gets the values as currents, or as the rates of Poisson spikes.
        peak_rate : float
            Rate of the largest value of a channel in the training part (Hz).
        seed : int
            Seed of the spikes.
        outputs : sequence of str
            Names of the outputs, for figures.

        Returns
        -------
        SeriesTask
            Inputs and targets are standardised by the training part.

        Raises
        ------
        InputError
            When a value is not finite, the series is too short, or a column is constant in the training part.

        Examples
        --------
        >>> wave = np.sin(np.arange(600) / 5)
        >>> task = SeriesTask.from_array(wave, horizon=3)
        >>> task.inputs.shape, task.train, task.test
        ((597, 1), slice(100, 498, None), slice(498, 597, None))
        """
        inputs = _columns("values", values)
        aims = inputs if targets is None else _columns("targets", targets)
        if len(aims) != len(inputs):
            raise InputError("targets", len(aims), f"must be as many as the values, {len(inputs)}")
        horizon, washout = count_of("horizon", horizon), count_of("washout", washout, 0)
        train, test = _parts(len(inputs) - horizon - washout, train, test)
        end = washout + train + test
        part = slice(washout, washout + train)
        # targets of a part are those of its inputs: the training part reads `horizon` values of the test part's inputs
        input_scale, target_scale = Scale.of("values", inputs, part), Scale.of("targets", aims, part)
        given = input_scale.standardised(inputs[:end])
        return cls(
            name=name,
            inputs=given,
            targets=target_scale.standardised(aims[horizon : end + horizon]),
            hold=duration_of("hold", hold),
            train=part,
            test=slice(washout + train, end),
            washout=washout,
            time_step=time_step,
            lyapunov_exponent=lyapunov_exponent,
            encoder=rate_encoder(encoding, given, part, hold, peak_rate, seed),
            horizon=horizon,
            input_scale=input_scale,
            target_scale=target_scale,
            outputs=tuple(outputs),
        )

    @property
    def clock(self) -> tuple[float, str]:
        """Time from one value to the next, and its unit: of the system, where it has a time of its own, otherwise values."""
        own = self.lyapunov_exponent is not None or self.time_step != 1
        return (self.time_step, "time units of the system") if own else (1.0, "values")

    @property
    def is_one_step_ahead(self) -> bool:
        """Whether the targets are the next inputs, so that the loop can be closed."""
        same = self.targets.shape == self.inputs.shape
        return same and bool(np.allclose(self.targets[:-1], self.inputs[1:]))

    def stimulus(self, begin: int = 0, stop: int | None = None) -> Stimulus:
        """Return the input of a network from value `begin` to before `stop`, one sample: currents or spikes.

        Examples
        --------
        >>> from hrsnn.tasks import load_task
        >>> load_task("memory", values=300).stimulus(10, 20), load_task("memory", values=300, encoding="poisson").stimulus()
        (Currents(1 sample, 10 values of 20 ms, 1 channel), SpikeTrains(1 sample, 1 channel, 590 spikes, 6000 ms))
        """
        stop = len(self.inputs) if stop is None else stop
        if self.spikes is not None:
            return self.spikes.time_slice(begin * self.hold, stop * self.hold)
        return Currents(self.inputs[None, begin:stop], dt=self.hold)

    def validation_part(self) -> SeriesTask:
        """Return the task without its test part, and with the last quarter of the training part as its test part.

        Examples
        --------
        >>> from hrsnn.tasks import load_task
        >>> task = load_task("lorenz63", train=400, test=100).validation_part()
        >>> task.train, task.test, len(task.inputs)
        (slice(100, 400, None), slice(400, 500, None), 500)
        """
        begin, end = self.train.start, self.train.stop
        border = end - (end - begin) // _VALIDATION_VALUES
        if border == end:
            raise InputError("train", end - begin, f"must be at least {_VALIDATION_VALUES} values: some are for validation")
        inputs, targets = self.inputs[:end], self.targets[:end]
        spikes = None if self.spikes is None else self.spikes.time_slice(0.0, end * self.hold)
        train, test = slice(begin, border), slice(border, end)
        return replace(self, inputs=inputs, targets=targets, spikes=spikes, train=train, test=test)


def _columns(field: str, values: ArrayLike) -> np.ndarray:
    """Return a series as an array (time, columns)."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(field, type(values).__name__, "must be numbers, (time,) or (time, columns)") from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise InputError(field, array.shape, "must have shape (time,) or (time, columns)")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InputError(field, array[row], f"must be finite, also in row {row}")
    return array


def _parts(values: int, train: int | None, test: int | None) -> tuple[int, int]:
    """Return the numbers of values for training and test, of so many for both."""
    if values < 3:
        raise InputError(
            "values", "a short series", f"must have {3 - values} values more: the washout and the horizon take some"
        )
    train = None if train is None else count_of("train", train, 2)
    test = None if test is None else count_of("test", test)
    if test is None:
        test = values // 5 if train is None else values - train
    if train is None:
        train = values - test
    if train < 2 or test < 1 or train + test > values:
        allowed = f"must be over 1 and 0, together at most {values}: the series without its washout and horizon"
        raise InputError("train, test", (train, test), allowed)
    return train, test


def stratified_rows(labels: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return `count` random rows in random order, stratified by class (by the method of largest remainders)."""
    classes, members = np.unique(labels, return_inverse=True)
    sizes = np.bincount(members, minlength=len(classes))
    shares = count * sizes / len(labels)
    quota = np.floor(shares + 1e-9).astype(int)
    # ties between remainders are broken at random, not in favour of the first classes
    order = np.lexsort((random.random(len(classes)), quota - shares))
    quota[order[: count - quota.sum()]] += 1
    chosen = [random.permutation(np.flatnonzero(members == index))[:number] for index, number in enumerate(quota)]
    return random.permutation(np.concatenate(chosen))


@takes()
def split_rows(labels: np.ndarray, test_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test rows, each in random order, stratified by class.

    Raises
    ------
    InputError
        When the share is not between 0 and 1, or a part would be empty.

    Examples
    --------
    >>> train, test = split_rows(np.array(["a"] * 6 + ["b"] * 2), 0.5, seed=0)
    >>> sorted(train.tolist() + test.tolist()), len(train)
    ([0, 1, 2, 3, 4, 5, 6, 7], 4)
    """
    if not 0 < test_share < 1:
        raise InputError("test_share", test_share, "must be between 0 and 1")
    count = round(len(labels) * test_share)
    if not 0 < count < len(labels):
        raise InputError("test_share", test_share, f"leaves nothing to train or test on ({len(labels)} samples)")
    random = generator(seed, "split")
    test = stratified_rows(labels, count, random)
    return random.permutation(np.setdiff1d(np.arange(len(labels)), test)), test


def take(samples: Any, rows: np.ndarray) -> Any:
    """Return the given rows of an array, of spike trains or of a list."""
    return [samples[row] for row in rows] if isinstance(samples, list) else samples[rows]
