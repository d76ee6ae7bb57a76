"""Echo state networks as a baseline of classification: features of samples from the states of tanh units."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.forecasting.echo_state import EchoStateNetwork
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.preprocessing import VALIDATION_SHARE
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks.task import split_rows
from hrsnn.validation.numbers import count_of

Array = NDArray[np.float64]

#: Settings that are compared, and the largest network and number of samples on which they are.
_RADII, _SCALES, _LEAKS = (0.5, 0.9), (0.3, 1.0, 3.0), (1.0, 0.3, 0.1)
_TRIAL_UNITS, _TRIAL_SAMPLES = 100, 400
#: Width of the bins in which spikes are counted (ms), and the samples that are run at once.
_WIDTH, _AT_ONCE = 10.0, 200
#: Penalty of the ridge classifier that compares settings, of standardised features.
_ALPHA = 10.0


@dataclass(frozen=True)
class EchoStateFeatures(Displayed):
    """Echo state network that turns stimuli into features.

    Attributes
    ----------
    network : EchoStateNetwork
    scale : float
        Factor of the inputs.
    windows : int
        Number of equal windows of a sample in which states are averaged; 0 for the state at its end.
    """

    network: EchoStateNetwork
    scale: float
    windows: int

    def __call__(self, stimulus: Stimulus) -> Array:
        """Return the features of each sample, (samples, windows or 1, units)."""
        parts = [self._run(stimulus[begin : begin + _AT_ONCE]) for begin in range(0, len(stimulus), _AT_ONCE)]
        return np.concatenate(parts)

    def _run(self, stimulus: Stimulus) -> Array:
        frames = [self.scale * frame for frame in frames_of(stimulus)]
        lengths = np.array([len(frame) for frame in frames])
        net, windows = self.network, max(self.windows, 1)
        if self.windows:
            edges = np.arange(windows + 1) * lengths[:, None] // windows
            begin, end = edges[:, :-1], np.maximum(edges[:, 1:], edges[:, :-1] + 1)
        else:
            begin, end = lengths[:, None] - 1, lengths[:, None]
        x = np.zeros((len(frames), len(net.b)))
        features = np.zeros((len(frames), windows, len(net.b)))
        for t in range(int(lengths.max())):
            rows = np.flatnonzero(lengths > t)
            drive = np.stack([frames[row][t] for row in rows]) @ net.v + net.b
            x[rows] = (1 - net.leak) * x[rows] + net.leak * np.tanh(x[rows] @ net.w.T + drive)
            for window in range(windows):
                within = (begin[:, window] <= t) & (t < end[:, window])
                features[within, window] += x[within]
        return np.asarray(features / (end - begin)[:, :, None])


def frames_of(stimulus: Stimulus, width: float = _WIDTH) -> list[Array]:
    """Return each sample as (times, channels): the values of currents, or the spikes in bins of `width` ms."""
    if isinstance(stimulus, Currents):
        return [stimulus.sample(index) for index in range(len(stimulus))]
    frames = []
    for index, duration in enumerate(stimulus.durations):
        times, channels = stimulus.sample(index)
        bins = max(1, int(np.ceil(duration / width - 1e-9)))
        place = np.minimum((times / width).astype(np.int64), bins - 1) * stimulus.n_channels + channels
        counts = np.bincount(place, minlength=bins * stimulus.n_channels)
        frames.append(counts.reshape(bins, stimulus.n_channels).astype(np.float64))
    return frames


def fit_echo_state_features(
    stimulus: Stimulus, labels: NDArray[np.generic], size: int, seed: int = 0, *, windows: int = 5
) -> EchoStateFeatures:
    """Choose the settings of an echo state network that classifies, by a part of the training samples.

    Parameters
    ----------
    stimulus : SpikeTrains or Currents
        Encoded training samples. Spikes are counted in bins of 10 ms.
    labels : array (samples,)
    size : int
        Number of units.
    seed : int
        Seed of the weights and of the samples that are compared.
    windows : int
        Number of equal windows of a sample in which states are averaged; 0 for the state at its end.

    Returns
    -------
    EchoStateFeatures

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    The input is divided by the root of the mean squared norm of its frames. Spectral radii 0.5 and 0.9, input scales 0.3, 1
    and 3 and leaks 1, 0.3 and 0.1 are compared by ridge classifiers on at most 400 of the training samples, a fifth of which
    are for validation, with at most 100 units. The first best is chosen.

    Examples
    --------
    >>> from hrsnn import Currents
    >>> waves = np.sin(np.arange(40) / np.where(np.arange(30) % 2, 2, 3)[:, None])[:, :, None]
    >>> chosen = fit_echo_state_features(Currents(waves, 10.0), np.arange(30) % 2, size=20)
    >>> chosen(Currents(waves, 10.0)).shape
    (30, 5, 20)

    References
    ----------
    M. Lukosevicius, "A practical guide to applying echo state networks", in Neural Networks: Tricks of the Trade (2012).
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    size = count_of("size", size)
    few = min(len(labels), _TRIAL_SAMPLES)
    rows = np.arange(len(labels)) if few == len(labels) else split_rows(labels, few / len(labels), seed)[1]
    tried, named = stimulus[rows], labels[rows]
    power = [float(np.square(frame).sum(axis=1).mean()) for index in range(len(tried)) for frame in frames_of(tried[index])]
    mean = float(np.mean(power))
    scale = 1 / np.sqrt(mean) if mean else 1.0
    channels = stimulus.n_channels

    unit = EchoStateNetwork(channels, min(size, _TRIAL_UNITS), seed, spectral_radius=1.0, input_scale=1.0)
    settings, best = (_RADII[-1], _SCALES[0], _LEAKS[0]), -1.0
    try:
        learn, check = split_rows(named, VALIDATION_SHARE, seed)
    except InputError:  # a part without samples: nothing to compare on
        learn = check = np.arange(0)
    for one in itertools.product(_RADII, _SCALES, _LEAKS) if len(check) else ():
        features = EchoStateFeatures(unit.scaled(*one), scale, windows)(tried).reshape(len(tried), -1)
        model = make_pipeline(StandardScaler(), RidgeClassifier(_ALPHA)).fit(features[learn], named[learn])
        correct = float(model.score(features[check], named[check]))
        if correct > best:
            settings, best = one, correct
    radius, input_scale, leak = settings
    network = EchoStateNetwork(channels, size, seed, spectral_radius=radius, input_scale=input_scale, leak=leak)
    return EchoStateFeatures(network, scale, windows)
