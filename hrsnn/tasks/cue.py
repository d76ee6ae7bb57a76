"""Task cue: the side on which most of seven cues were presented, asked for after a second of delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.errors import InputError
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import EVENT, SpikeTrains
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import bool_of, count_of, positive
from hrsnn.validation.units import takes

#: Times in ms: of silence before each cue, of a cue, from the last cue to the recall signal, and of the recall signal.
SILENCE, CUE, DELAY, RECALL = 50, 100, 1050, 150
#: Channels of each group: left, right, recall, noise, in this order.
GROUP = 10
CHANNELS = 4 * GROUP
LEFT, RIGHT, ASKED, NOISE = (slice(one * GROUP, (one + 1) * GROUP) for one in range(4))
#: Length of a bin of the spikes, one at most in each (ms); and the most cues, whose samples take 15 s.
BIN, MOST_CUES = 1.0, 99


@takes(rate="Hz", noise="Hz")
def cue(
    train: int = 200,
    test: int = 200,
    cues: int = 7,
    rate: float = 40.0,
    noise: float = 10.0,
    preference: float = 0.7,
    split: str = "test",
    shared_noise: bool = False,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the side (0 left, 1 right) of the majority of several cues, after a delay.

    A sample lasts 2250 ms for 7 cues. Each cue is 50 ms of silence and 100 ms in which the ten channels of one side spike;
    a delay follows, and in the last 150 ms ten further channels ask for the answer. Ten more are noise all the time. In each
    sample cues are on the right with probability `preference` or ``1 - preference``, one or the other with probability 1/2.

    Parameters
    ----------
    train, test : int
        Numbers of samples of the two parts.
    cues : int
        Number of cues, odd.
    rate, noise : float
        Rate of a channel of a cue and of the recall signal, and of the noise (Hz), at most 1000: one spike in each ms.
    preference : float
        Probability of a cue on the side that a sample prefers, from 1/2 to 1.
    split : {"test", "validation"}
        Which part is scored. All parts are drawn from seeds of their own.
    shared_noise : bool
        Whether the k-th samples of all parts have the same random numbers for their spikes, though cues of their own: a
        defect of the published code, to compare with.
    seed : int
        Seed of the samples.

    Raises
    ------
    InputError
        When a number is out of range, or the split is another.

    Notes
    -----
    Every channel spikes in a bin of 1 ms with probability ``rate 0.001 s``. The accuracy of an ideal observer is that of
    :func:`ideal_accuracy`, 1 to 17 digits by default. The counts of a whole sample tell the side, and so a linear readout of
    them is the baseline: the task needs memory only where the readout is of the end of a sample.

    References
    ----------
    Bellec et al. (2020), A solution to the learning dilemma for recurrent networks of spiking neurons: cues and timing;
    Stadtmann et al. (2025): 200 samples a part, noise of a quarter of the rate, one seed of the spikes for all parts.

    Examples
    --------
    >>> task = cue(train=20, test=20)
    >>> task.x_train.shape, float(task.x_train.durations[0]), np.bincount(task.y_train)
    ((20, 40), 2250.0, array([ 6, 14]))
    """
    train, test = count_of("train", train, 20, 10**6), count_of("test", test, 20, 10**6)
    cues, preference = _cues(cues), _preference(preference)
    if split not in ("test", "validation"):
        raise InputError("split", split, "must be test or validation")
    bins = cues * (SILENCE + CUE) + DELAY + RECALL
    spikes = GROUP * (_probability("rate", rate) * (cues * CUE + RECALL) + _probability("noise", noise) * bins)
    for name, samples in (("train", train), ("test", test)):
        check_memory(name, samples, EVENT * samples * spikes, "the samples")
    shared = bool_of("shared_noise", shared_noise)
    parts = {}
    for part, samples in (("train", train), (split, test)):
        right = _sides(samples, cues, preference, seed, part)
        trains = _spikes(right, rate, noise, generator(seed, "cue", "spikes", *(() if shared else (part,))))
        parts[part] = trains, (2 * right.sum(axis=1) > cues).astype(np.int64)
    (x_train, y_train), (x_test, y_test) = parts["train"], parts[split]
    return ClassificationTask(
        name="cue",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        classes=np.array([0, 1]),
        encoder=None,
        raw_baseline=Pipeline([("counts", FunctionTransformer(channel_counts)), ("classify", readout())]),
        raw_baseline_name="logistic regression on the spike counts of each channel",
    )


def channel_counts(trains: SpikeTrains) -> NDArray[np.int32]:
    """Return the spikes of each channel in a whole sample, (samples, channels)."""
    return trains.counts()[:, 0]


@takes(rate="Hz")
def ideal_accuracy(cues: int = 7, rate: float = 40.0, preference: float = 0.7) -> float:
    """Return the accuracy of an ideal observer of the spikes: the majority of the cues that had a spike.

    The channels of a side are silent but for its cues, so that one spike tells a cue; without one, with probability
    ``(1 - rate 0.001 s)^1000``, it is as likely to be on the side of the majority of the others. With l and r of the cues
    seen on either side the answer is right where their majority is that of all, and by chance where l = r.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> ideal_accuracy(), round(ideal_accuracy(rate=1), 4), ideal_accuracy(cues=1, rate=0)
    (1.0, 0.8649, 0.5)
    """
    cues, preference = _cues(cues), _preference(preference)
    seen = 1 - (1 - _probability("rate", rate)) ** (CUE * GROUP)
    right = np.arange(cues + 1)
    accuracy = 0.0
    for number, chance in zip(right, binom.pmf(right, cues, preference), strict=True):
        joint = np.outer(binom.pmf(right, number, seen), binom.pmf(right, cues - number, seen))
        ahead = float(np.tril(joint, -1).sum() if 2 * number > cues else np.triu(joint, 1).sum())
        accuracy += float(chance) * (ahead + float(np.trace(joint)) / 2)
    return min(1.0, accuracy)


@takes()
def observed_majority(trains: SpikeTrains, cues: int = 7) -> NDArray[np.int64]:
    """Return the answers of the ideal observer of :func:`ideal_accuracy`, 0 or 1; 0 where both sides are level.

    Examples
    --------
    >>> task = cue(train=20, test=20)
    >>> bool((observed_majority(task.x_test) == task.y_test).all())
    True
    """
    edges = (SILENCE + CUE) * np.arange(_cues(cues) + 1, dtype=np.float64)
    counts = trains.counts(edges)
    sides = [(counts[:, :, group].sum(axis=2) > 0).sum(axis=1) for group in (LEFT, RIGHT)]
    return np.asarray(sides[1] > sides[0], dtype=np.int64)


def _sides(samples: int, cues: int, preference: float, seed: int, part: str) -> NDArray[np.bool_]:
    """Draw which cues are on the right, (samples, cues)."""
    random = generator(seed, "cue", "sides", part)
    chance = np.where(random.random(samples) < 0.5, preference, 1 - preference)
    return np.asarray(random.random((samples, cues)) < chance[:, None])


def _spikes(right: NDArray[np.bool_], rate: float, noise: float, random: np.random.Generator) -> SpikeTrains:
    """Draw the spikes of samples whose cues are given; each sample takes equally many random numbers."""
    bins = right.shape[1] * (SILENCE + CUE) + DELAY + RECALL
    of_cue, of_noise = _probability("rate", rate), _probability("noise", noise)
    made = []
    for row in right:
        chance = np.zeros((bins, CHANNELS))
        for place, is_right in enumerate(row):
            begin = place * (SILENCE + CUE) + SILENCE
            chance[begin : begin + CUE, RIGHT if is_right else LEFT] = of_cue
        chance[-RECALL:, ASKED], chance[:, NOISE] = of_cue, of_noise
        step, channel = np.nonzero(random.random((bins, CHANNELS)) < chance)
        made.append((BIN * step, channel))
    return SpikeTrains.from_samples(made, n_channels=CHANNELS, duration=BIN * bins)


def _cues(value: int) -> int:
    count = count_of("cues", value, 1, MOST_CUES)
    if count % 2 == 0:
        raise InputError("cues", count, "must be odd: an even number can have no majority")
    return count


def _preference(value: float) -> float:
    if not 0.5 <= value <= 1:
        raise InputError("preference", value, "must be from 0.5 to 1")
    return float(value)


def _probability(name: str, value: float) -> float:
    """Return the probability of a spike in a bin."""
    found = positive(name, value, "Hz", zero=True) * BIN / 1000
    if found > 1:
        raise InputError(name, value, f"must be at most {1000 / BIN:g} Hz: a bin has one spike at most")
    return found


TASK = TaskDeclaration(
    summary="side of the majority of seven cues, after a delay",
    kind="classes",
    load=cue,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    validation={"split": "validation"},
    label="Cue accumulation",
)
