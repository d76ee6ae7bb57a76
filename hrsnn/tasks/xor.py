"""Task xor: the parity of bits that are presented one after another as spikes."""

from __future__ import annotations

import numpy as np
from scipy.stats import skellam

from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_trains import task_of_trains
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import takes


@takes(gap="ms", bit="ms", rate="Hz", noise="Hz")
def xor(
    samples: int = 800,
    bits: int = 2,
    gap: float = 50.0,
    bit: float = 30.0,
    channels: int = 20,
    rate: float = 60.0,
    noise: float = 5.0,
    test_share: float = 0.25,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the parity of several bits after the last one.

    Each bit is presented for a time as Poisson spikes: a 1 in the first half of the channels, a 0 in the second half, the
    other half being almost silent; gaps without spikes are between them. The label is 1 if the number of ones is odd. No
    linear readout of the input can tell it, with or without memory.

    Parameters
    ----------
    samples : int
        Number of samples, both parts together.
    bits : int
        Number of bits, at least 2.
    gap : float
        Time between two bits (ms): the difficulty.
    bit : float
        Time for which a bit is presented (ms).
    channels : int
        Number of channels, even.
    rate, noise : float
        Rate of a channel of the half that stands for the bit, and of the other half (Hz).
    test_share : float
        Share of the samples in the test part.
    seed : int
        Seed of the samples and the split.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    The accuracy of an ideal observer is that of :func:`ideal_accuracy`. The baseline reads the counts of each channel in
    windows of 10 ms, with the whole sample before it; as a linear classifier it is at chance.

    References
    ----------
    Bertschinger & Natschlaeger (2004), Real-time computation at the edge of chaos in recurrent neural networks: parity.

    Examples
    --------
    >>> task = xor(samples=40)
    >>> task.x_train, np.bincount(task.y_train)
    (SpikeTrains(30 samples, 20 channels, 1172 spikes, 110 ms), array([20, 10]))
    """
    samples, bits, channels = count_of("samples", samples, 8), count_of("bits", bits, 2), count_of("channels", channels, 2)
    half = count_of("channels / 2", channels / 2 if channels % 2 else channels // 2)
    gap, bit = duration_of("gap", gap, zero=True), duration_of("bit", bit)
    rate, noise = positive("rate", rate, "Hz"), positive("noise", noise, "Hz", zero=True)
    random = generator(seed, "xor")
    values = random.integers(0, 2, (samples, bits))
    made = []
    for row in values:
        times, names = [], []
        for place, value in enumerate(row):
            for side, its in ((0, rate if value else noise), (1, noise if value else rate)):
                count = int(random.poisson(half * its * bit / 1000))
                times.append(place * (bit + gap) + random.uniform(0, bit, count))
                names.append(side * half + random.integers(0, half, count))
        made.append((np.concatenate(times), np.concatenate(names)))
    duration = bits * bit + (bits - 1) * gap
    trains = SpikeTrains.from_samples(made, n_channels=channels, duration=duration)
    return task_of_trains("xor", trains, values.sum(axis=1) % 2, test_share, seed)


@takes(bit="ms", rate="Hz", noise="Hz")
def ideal_accuracy(bits: int = 2, bit: float = 30.0, channels: int = 20, rate: float = 60.0, noise: float = 5.0) -> float:
    """Return the accuracy of an ideal observer in the task.

    The likelihood ratio of a bit depends on the difference of the counts in the two halves only, which has a Skellam
    distribution: it is taken for the other value with probability ``e = P(K < 0) + P(K = 0) / 2``. The parity of n bits is
    right with probability ``(1 + (1 - 2 e)^n) / 2``.

    Examples
    --------
    >>> round(ideal_accuracy(rate=60, noise=5), 6), ideal_accuracy(rate=20, noise=20)
    (0.999976, 0.5)
    """
    spikes = [channels / 2 * one * bit / 1000 for one in (rate, noise)]
    error = float(skellam.cdf(-1, *spikes) + skellam.pmf(0, *spikes) / 2)
    return (1 + (1 - 2 * error) ** bits) / 2


TASK = TaskDeclaration(
    summary="parity of bits presented one after another",
    kind="classes",
    load=xor,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="XOR",
)
