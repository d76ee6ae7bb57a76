"""Reservoirs in NEST: built in the live kernel, or as a script with its data that needs neither this package nor Brian2."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.nest.quiet_import import import_nest
from hrsnn.errors import HrsnnError, HrsnnWarning, InputError
from hrsnn.files.npz import write_npz
from hrsnn.files.writing import PathLike, write_text
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus, check_stimulus
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from hrsnn.engines.nest.live import NestNetwork

_KIND, _VERSION = "NEST network", 1


@takes(blank="ms")
def to_nest(
    reservoir: Reservoir,
    path: PathLike | None = None,
    *,
    stimulus: Stimulus | None = None,
    blank: float = 0.0,
    seed: int = 0,
    threads: int = 1,
) -> NestNetwork | None:
    """Build a reservoir in NEST's kernel, or write it as a NEST script with its data.

    Neurons are ``iaf_psc_exp`` with ``C_m = tau_m`` (a current in pA is the same number of mV here), ``V_th`` the next
    number above ``v_threshold`` (NEST fires at the threshold, the model above it), ``t_ref = (max(refractory/dt, 1) - 1)
    dt``, and ``resolution = dt``; links are ``static_synapse``, with short-term plasticity ``tsodyks2_synapse`` of weight
    w/U. An input channel is a ``spike_generator`` with the weights of its links, and a ``step_current_generator`` with
    their gains.

    Parameters
    ----------
    reservoir : Reservoir
        With delays of dt or more.
    path : path, optional
        ``NAME.py``, the script that is written; the network and its stimuli go into ``NAME.npz`` beside it. None builds the
        network in the running kernel.
    stimulus : SpikeTrains or Currents, optional
        For the generators: one stimulus for the live network, any number for the script, which needs it. Without one the
        live network has generators of both kinds, which are silent.
    blank : float, ms
        Time without input after each stimulus.
    seed : int
        Seed of the background input, whose spikes are written out; not used without a stimulus.
    threads : int
        Of the live kernel; a script takes ``--threads``.

    Returns
    -------
    NestNetwork or None
        The nodes of the live network; None with a path.

    Raises
    ------
    InputError
        When a recurrent delay is below half a step, which has no counterpart in NEST; dt is not a multiple of 1e-6 ms; the
        path does not end in ``.py``; a script has no stimulus, or the live network more than one.
    HrsnnError
        When NEST is not installed, or its kernel has nodes already.
    FileError
        When a file cannot be written.

    Warns
    -----
    HrsnnWarning
        For each part of the network that is lost: adaptation, rounding of v, and background input without a stimulus.

    Notes
    -----
    STDP is not exported: NEST's ``stdp_synapse`` has one ``tau_minus`` for each neuron, the model one for each link. What is
    exported gives the spikes of ``simulate(reservoir, stimulus)``. The live kernel is reset first, which keeps nothing of
    its settings; nodes in it are refused.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> from hrsnn.exchange import to_nest
    >>> reservoir = build(ReservoirSpec(neurons=50), seed=1, channels=1)
    >>> stimulus = Currents(np.ones((1, 5, 1)), dt=20)
    >>> live = to_nest(reservoir, stimulus=stimulus)
    >>> import nest  # other nodes and connections may be added here
    >>> live.start()
    >>> nest.Simulate(100 + live.onset)  # spikes reach the recorder after the shortest delay
    >>> times, neurons = live.spikes()
    >>> int((times < 100).sum()) == simulate(reservoir, stimulus).spike_count
    True
    >>> nest.ResetKernel()
    """
    try:
        import_nest()
    except ImportError as error:
        raise HrsnnError("NEST is not installed: pip install 'hrsnn[nest]'") from error
    from hrsnn.engines.nest.parameters import network_arrays, stimulus_arrays

    threads, blank = count_of("threads", threads, 1, most=1024), duration_of("blank", blank, zero=True)
    script = None if path is None else Path(path)
    if script is not None and script.suffix != ".py":
        raise InputError("path", str(script), "must end in .py")
    if stimulus is not None:
        check_stimulus(stimulus)
    samples = 0 if stimulus is None else len(stimulus)
    if script is not None and not samples:
        raise InputError("stimulus", stimulus, "a script needs at least one stimulus to run")
    if script is None and stimulus is not None and samples != 1:
        raise InputError("stimulus", f"{samples} stimuli", "must be one: the live network starts from rest once")
    _warn(reservoir, stimulus)
    network = network_arrays(reservoir)
    stimuli = []
    if stimulus is not None:
        batch = Batch(reservoir, stimulus, blank, seed, [np.empty(0)])
        stimuli = [stimulus_arrays(batch, index, batch.presentation(index, drive=False)) for index in range(samples)]
    if script is not None:
        _write(script, network, stimuli, reservoir)
        return None
    from hrsnn.engines.nest.live import build_live

    kinds = {"spiking": not isinstance(stimulus, Currents), "analog": not isinstance(stimulus, SpikeTrains)}
    return build_live(network, stimuli[0] if stimuli else None, threads, **kinds)


def _warn(reservoir: Reservoir, stimulus: Stimulus | None) -> None:
    needs = reservoir.needs()
    losses = {
        "adaptation": "adaptation is lost: iaf_psc_exp has no adaptation current",
        "state_bits": "v is not rounded to state_bits: iaf_psc_exp keeps it in double precision",
    }
    if stimulus is None:
        losses["background"] = "background input is lost without a stimulus: connect a poisson_generator to each neuron"
    for feature, loss in losses.items():
        if feature in needs:
            warnings.warn(loss, HrsnnWarning, stacklevel=4)


def _write(path: Path, network: dict[str, Any], stimuli: list[dict[str, Any]], reservoir: Reservoir) -> None:
    import hrsnn.engines.nest.network as script

    arrays = {**network, "stimuli": np.array(len(stimuli))}
    for index, stimulus in enumerate(stimuli):
        arrays |= {f"{index}/{name}": values for name, values in stimulus.items()}
    write_npz(path.with_suffix(".npz"), _KIND, _VERSION, arrays, {"neurons": reservoir.neurons})
    write_text(path, Path(script.__file__).read_text(encoding="utf-8"))
