"""Reservoirs in PyNN, as far as its standard cells reach: ``IF_curr_exp`` on the backends for NEST and Brian2."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.errors import HrsnnError, HrsnnWarning, InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.units import takes

SIMULATORS = ("nest", "brian2")


@dataclass(frozen=True)
class PynnNetwork:
    """A reservoir in PyNN, by :func:`to_pynn`."""

    simulator: Any  #: the module pyNN.nest or pyNN.brian2, which has run and end
    neurons: Any  #: Population of N IF_curr_exp, in the order of the reservoir, which records spikes
    channels: Any  #: Population of SpikeSourceArray, one a channel
    projections: tuple[Any, ...]  #: from the channels, from excitatory and from inhibitory neurons; those without links not
    input_time: float  #: ms: an input spike at t of the stimulus is one of its source at t + input_time, on the grid
    spike_time: float  #: ms: a neuron's spike at t of the model has the time t + spike_time in PyNN

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return times in the model (ms, ascending) and neurons of the recorded spikes."""
        trains = self.neurons.get_data("spikes").segments[-1].spiketrains
        times = [np.asarray(train.magnitude, dtype=np.float64) - self.spike_time for train in trains]
        neurons = np.repeat(np.arange(len(times)), [len(one) for one in times])
        together = np.concatenate(times)
        order = np.lexsort((neurons, np.round(together, 9)))
        return together[order], neurons[order]


@takes()
def to_pynn(reservoir: Reservoir, simulator: str = "nest", *, stimulus: SpikeTrains | None = None) -> PynnNetwork:
    """Build a reservoir in PyNN.

    Neurons are ``IF_curr_exp`` with ``cm = tau_m`` in nF, so that a current in nA is the same number of mV here; links are
    static synapses with the weights and delays of the reservoir, channels ``SpikeSourceArray``. The threshold is the next
    number above ``v_threshold`` on NEST, which fires at the threshold; ``tau_refrac`` is a step shorter there.

    Parameters
    ----------
    reservoir : Reservoir
        With recurrent delays of dt or more.
    simulator : {"nest", "brian2"}
        Backend of PyNN. Its ``setup`` is called, which deletes what it held before.
    stimulus : SpikeTrains, optional
        One stimulus; without it the sources are silent, and ``spike_times`` may be set.

    Returns
    -------
    PynnNetwork
        Run it by ``network.simulator.run(duration)``.

    Raises
    ------
    InputError
        When a recurrent delay is below half a step, which PyNN does not have; refractory periods differ, for ``"brian2"``,
        whose backend has one; there is more than one stimulus.
    HrsnnError
        When PyNN or the backend is not installed.

    Warns
    -----
    HrsnnWarning
        For each part that is lost: adaptation, short-term plasticity, background input, rounding of v; several spikes of a
        channel in a step, which are one there; input spikes in the first step, where no source can act.

    Notes
    -----
    STDP is not exported. Without losses the spikes are those of :func:`hrsnn.simulate` on both backends, NEST being on the
    grid (``spike_precision="on_grid"``).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.exchange import to_pynn
    >>> network = to_pynn(build(ReservoirSpec(neurons=50), seed=1, channels=4))  # doctest: +SKIP
    >>> network.simulator.run(100.0)  # doctest: +SKIP
    >>> times, neurons = network.spikes()  # doctest: +SKIP
    """
    if simulator not in SIMULATORS:
        raise InputError("simulator", simulator, f"must be one of {', '.join(SIMULATORS)}")
    dt, on_nest = reservoir.dt, simulator == "nest"
    delay = np.rint(reservoir.delay / dt)
    if (delay < 1).any():
        shortest = float(reservoir.delay[delay < 1].min())
        why = f"PyNN's shortest delay is one step, dt = {dt:g} ms"
        raise InputError("delay", shortest, f"{why}: set delay_exc, delay_inh, delay_ee, ... to {dt:g} or more")
    held = np.maximum(np.rint(reservoir.refractory / dt), 1.0)
    if not on_nest and np.ptp(held):
        other = "give all neurons one (refractory_exc, refractory_inh), or take simulator='nest'"
        raise InputError("refractory", reservoir.refractory, f"PyNN has one refractory period on Brian2: {other}")
    times = _input_spikes(reservoir, stimulus)
    _warn(reservoir)
    backend = _backend(simulator)
    from pyNN.parameters import Sequence

    longest = max(float(delay.max(initial=1)), float(np.rint(reservoir.input.delay / dt).max(initial=0)) + 1) * dt
    input_time, spike_time = (0.0, dt) if on_nest else (-dt, 0.0)
    with _quiet():
        options = {"spike_precision": "on_grid"} if on_nest else {}
        backend.setup(timestep=dt, min_delay=dt, max_delay=longest, **options)
        if not on_nest:  # a source would run on Brian2's default clock, whatever the step of the network
            backend.simulator.brian2.defaultclock.dt = dt * backend.simulator.ms
        cells = backend.IF_curr_exp(
            tau_m=reservoir.tau_m,
            cm=reservoir.tau_m,
            tau_syn_E=reservoir.tau_exc,
            tau_syn_I=reservoir.tau_inh,
            v_rest=reservoir.v_rest,
            v_reset=reservoir.v_reset,
            v_thresh=np.nextafter(reservoir.v_threshold, np.inf) if on_nest else reservoir.v_threshold,
            i_offset=reservoir.i_bias,
            tau_refrac=(held - on_nest) * dt,
        )
        neurons = backend.Population(reservoir.neurons, cells)
        neurons.initialize(v=reservoir.v_start)
        neurons.record("spikes")
        sources = backend.SpikeSourceArray(spike_times=[Sequence(one * dt + input_time) for one in times])
        channels = backend.Population(reservoir.channels, sources)
        projections = []
        for pre, links, weight, receptor in _links(reservoir):
            population = channels if pre == "channels" else neurons
            # on the way from a source a spike takes the shortest delay beside its own
            lag = np.rint(links.delay / dt) + (pre == "channels")
            rows = np.stack([links.pre, links.post, weight, lag * dt], axis=1)
            connector = backend.FromListConnector(rows)
            projections.append(backend.Projection(population, neurons, connector, receptor_type=receptor))
    return PynnNetwork(backend, neurons, channels, tuple(projections), input_time, spike_time)


def _links(reservoir: Reservoir) -> Iterator[tuple[str, Links, np.ndarray, str]]:
    excitatory = reservoir.is_excitatory[reservoir.pre]
    parts = [("channels", reservoir.input, 1.0, "excitatory")]
    parts += [("neurons", reservoir.recurrent.take(excitatory), 1.0, "excitatory")]
    parts += [("neurons", reservoir.recurrent.take(~excitatory), -1.0, "inhibitory")]
    for pre, links, sign, receptor in parts:
        if len(links):
            yield pre, links, sign * links.weight, receptor


def _input_spikes(reservoir: Reservoir, stimulus: SpikeTrains | None) -> list[np.ndarray]:
    """Return the steps of the spikes of each channel, without those that PyNN cannot have."""
    if stimulus is None:
        return [np.empty(0)] * reservoir.channels
    if len(stimulus) != 1:
        raise InputError("stimulus", f"{len(stimulus)} stimuli", "must be one: the network starts from rest once")
    still = reservoir.replace(input=_without_delays(reservoir.input))  # PyNN delays the spikes itself
    now = Batch(still, stimulus, 0.0, 0, [np.empty(0)]).presentation(0)
    several, first = int((now.spike_count > 1).sum()), int((now.spike_step < 1).sum())
    if several:
        _lost(f"{several} input events of several spikes in one step are single spikes: PyNN has no multiplicities")
    if first:
        _lost(f"{first} input events in the first step are left out: no source of PyNN can act in it")
    late = now.spike_step >= 1
    return [now.spike_step[late & (now.spike_channel == channel)] for channel in range(reservoir.channels)]


def _without_delays(links: Links) -> Links:
    return dataclasses.replace(links, delay=np.zeros(len(links)))


def _warn(reservoir: Reservoir) -> None:
    losses = {
        "adaptation": "adaptation is lost: IF_curr_exp has no adaptation current",
        "short_term_plasticity": "short-term plasticity is lost: links are static synapses",
        "background": "background input is lost: project a SpikeSourcePoisson to each neuron",
        "state_bits": "v is not rounded to state_bits: IF_curr_exp keeps it in double precision",
    }
    for feature, loss in losses.items():
        if feature in reservoir.needs():
            _lost(loss)


def _lost(message: str) -> None:
    warnings.warn(message, HrsnnWarning, stacklevel=5)


def _backend(simulator: str) -> Any:
    if simulator == "nest":
        from hrsnn.engines.nest.quiet_import import import_nest

        try:
            import_nest()
        except ImportError as error:
            raise HrsnnError("NEST is not installed: pip install 'hrsnn[nest]'") from error
    try:
        with _quiet():
            if simulator == "nest":
                import pyNN.nest as backend
            else:
                import pyNN.brian2 as backend
            return backend
    except ImportError as error:
        raise HrsnnError(f"pyNN.{simulator} cannot be imported ({error}): pip install 'hrsnn[pynn]'") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide what PyNN prints: the failed build of extensions that are not used here, and names that NEST deprecates."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
