"""A network in NEST's running kernel, for a user who goes on there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nest
import numpy as np

from hrsnn.engines.nest.network import Nodes, build, load, spikes, start
from hrsnn.engines.nest.session import check_empty


@dataclass(frozen=True)
class NestNetwork:
    """Nodes of a reservoir in NEST's kernel, by :func:`hrsnn.exchange.to_nest`.

    Nodes and connections may be added until :meth:`start` is called; NEST fixes its shortest and longest delay then. Without
    ``start``, ``nest.Simulate`` begins at once from v_start, and generators act as NEST's own do.
    """

    neurons: Any  #: NodeCollection of N iaf_psc_exp, in the order of the reservoir
    channels: Any  #: NodeCollection of spike_generator, one a channel, or None where the stimulus is analog
    currents: Any  #: NodeCollection of step_current_generator, one a channel, or None where the stimulus is spikes
    recorder: Any  #: spike_recorder of all neurons; its times are in steps
    onset: float  #: ms: NEST's time at which a stimulus begins, after start
    input_time: float  #: ms: an input spike at t of the stimulus is one of its generator at t + input_time, on the grid
    spike_time: float  #: ms: a neuron's spike at t of the model has the time t + spike_time in NEST
    _network: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def _nodes(self) -> Nodes:
        return Nodes(self.neurons, self.channels, self.currents, self.recorder)

    def start(self) -> None:
        """Simulate up to `onset`, with neurons held by a threshold out of reach; then set v_start and the thresholds."""
        start(self._network, self._nodes)

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return times from the onset of the stimulus (ms, ascending) and neurons of all recorded spikes."""
        step, neuron = spikes(self._network, self._nodes)
        return step * float(self._network["dt"]), neuron


def build_live(
    network: Mapping[str, np.ndarray],
    stimulus: Mapping[str, np.ndarray] | None,
    threads: int,
    spiking: bool,
    analog: bool,
) -> NestNetwork:
    """Reset the kernel and build the network of :func:`hrsnn.engines.nest.parameters.network_arrays` in it.

    Raises
    ------
    HrsnnError
        When the kernel has nodes.
    """
    check_empty()
    verbosity = nest.verbosity
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    try:
        nodes = build(network, threads, spiking, analog)
        if stimulus is not None:
            load(network, nodes, stimulus)
    except BaseException:
        nest.ResetKernel()
        raise
    finally:
        nest.verbosity = verbosity
    dt, lead = float(network["dt"]), int(network["lead"])
    return NestNetwork(*nodes, (lead + 1) * dt, 2 * dt, (lead + 2) * dt, network)
