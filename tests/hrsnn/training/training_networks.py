"""Networks and stimuli of the tests of training."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn import Currents, Reservoir, ReservoirSpec, SpikeTrains, Uniform, build
from hrsnn.testing.networks import trains
from hrsnn.training import TrainableNetwork
from hrsnn.training.samples import Minibatch

#: What a reservoir can learn, but for its readout.
EVERYTHING = ("recurrent", "inputs", "tau_m", "tau_exc", "tau_inh", "v_threshold", "delays", "input_delays")
#: What learns in neurons with adaptation too, such as those of :func:`small`.
ADAPTATION = ("adaptation", "tau_adaptation")


def small(neurons: int = 6, **changes: Any) -> Reservoir:
    """A few neurons, densely linked, with delays of neurons and of the input."""
    spec = ReservoirSpec.preset(
        "dense", neurons=neurons, dt=1.0, connectivity="random", connection_probability=0.6, input_fraction=1
    )
    if "delay_ee" in changes:
        spec = spec.updated({"delay_exc": None, "delay_inh": None})
    else:
        changes = {"delay_exc": Uniform(0, 5), "delay_inh": Uniform(0, 5), **changes}
    changes = {"delay_input": Uniform(0, 4), **changes}
    return build(spec.updated({"input_probability": 1, "adaptation": Uniform(0, 1), **changes}), seed=1, channels=2)


def minibatch(network: TrainableNetwork, stimulus: SpikeTrains | Currents) -> Minibatch:
    """All stimuli at once."""
    return network.minibatch(network.samples(stimulus), range(len(stimulus)))


def two_classes(samples: int, seed: int = 0) -> tuple[SpikeTrains, np.ndarray]:
    """Spikes of one of two channels."""
    labels = np.arange(samples) % 2
    both = trains(samples, 2, 40.0, 250, seed)
    pairs = []
    for index, label in enumerate(labels):
        times, channels = both.sample(index)
        pairs.append((times[channels == label], channels[channels == label]))
    return SpikeTrains.from_samples(pairs, 2, 40.0), labels
