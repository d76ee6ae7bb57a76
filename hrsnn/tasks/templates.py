"""Task templates: two jittered spike patterns with a gap between them, of which the first is to be named at the end."""

from __future__ import annotations

import numpy as np

from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_trains import task_of_trains
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import takes


@takes(gap="ms", pattern="ms", rate="Hz", jitter="ms")
def templates(
    samples: int = 800,
    gap: float = 50.0,
    pattern: float = 50.0,
    channels: int = 20,
    rate: float = 40.0,
    jitter: float = 2.0,
    test_share: float = 0.25,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the first of two spike patterns, after the second.

    Two templates are Poisson spike trains of `channels` channels. A sample is one of them, a gap without spikes, and one of
    them again, each drawn with probability 1/2; every spike is moved by a Gaussian random time of its own. The label is the
    number of the first template. What is read at the end of a sample needs a memory of gap and pattern.

    Parameters
    ----------
    samples : int
        Number of samples, both parts together.
    gap : float
        Time between the two patterns (ms): the difficulty.
    pattern : float
        Length of a pattern (ms).
    channels : int
    rate : float
        Rate of each channel during a pattern (Hz).
    jitter : float
        Standard deviation of the movement of a spike (ms); moved spikes stay within their pattern.
    test_share : float
        Share of the samples in the test part.
    seed : int
        Seed of the templates, the samples and the split.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    An ideal observer makes hardly any error: the templates differ in some ``2 channels rate pattern`` spikes, moved by
    much less than their distances. The baseline reads the counts of each channel in windows of 10 ms, with the whole
    sample before it.

    References
    ----------
    The task of Maass, Natschlaeger & Markram (2002), Real-time computing without stable states, of which the first pattern
    is to be recalled after the second.

    Examples
    --------
    >>> task = templates(samples=40, gap=100)
    >>> task.x_train, task.classes
    (SpikeTrains(30 samples, 20 channels, 2360 spikes, 200 ms), array([0, 1]))
    """
    samples, channels = count_of("samples", samples, 8), count_of("channels", channels)
    gap, pattern = duration_of("gap", gap, zero=True), duration_of("pattern", pattern)
    rate, jitter = positive("rate", rate, "Hz"), positive("jitter", jitter, "ms", zero=True)
    drawn = generator(seed, "templates", "patterns")
    patterns = []
    for _ in range(2):
        count = max(1, int(drawn.poisson(channels * rate * pattern / 1000)))
        patterns.append((drawn.uniform(0, pattern, count), drawn.integers(0, channels, count)))
    moved = generator(seed, "templates", "samples")
    chosen = moved.integers(0, 2, (samples, 2))
    made = []
    for first, second in chosen:
        times, names = [], []
        for which, begin in ((first, 0.0), (second, pattern + gap)):
            at, channel = patterns[which]
            end = np.nextafter(begin + pattern, 0)
            times.append(np.clip(begin + at + jitter * moved.standard_normal(len(at)), begin, end))
            names.append(channel)
        made.append((np.concatenate(times), np.concatenate(names)))
    duration = 2 * pattern + gap
    trains = SpikeTrains.from_samples(made, n_channels=channels, duration=duration)
    return task_of_trains("templates", trains, chosen[:, 0], test_share, seed)


TASK = TaskDeclaration(
    summary="two spike patterns, of which the first is named at the end",
    kind="classes",
    load=templates,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Templates",
)
