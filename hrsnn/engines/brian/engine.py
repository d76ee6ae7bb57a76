"""The reference engine: the model in Brian2, with one Brian2 ``run`` for a batch of stimuli."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from hrsnn.engines import check_runs
from hrsnn.engines.batch import Batch
from hrsnn.engines.brian.presenter import Presenter
from hrsnn.engines.brian.session import StateUpdateMethod, brian2, code_class, own_brian2
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.input_rows import InputRows
from hrsnn.engines.propagators import propagators
from hrsnn.reservoir import Links, Reservoir, ShortTerm
from hrsnn.runtime.stopping import notice_signals

_NEURONS = """
dv/dt = (v_rest - v + I_exc + I_inh + i_bias + I_ext{drive})/tau_m : 1 (unless refractory)
dI_exc/dt = -I_exc/tau_exc : 1
dI_inh/dt = -I_inh/tau_inh : 1
I_ext : 1
tau_m : second (constant)
tau_exc : second (constant)
tau_inh : second (constant)
v_rest : 1 (constant)
i_bias : 1 (constant)
v_threshold : 1 (constant)
v_reset : 1 (constant)
t_refractory : second (constant)
excitatory : 1 (constant)
inhibitory : 1 (constant)
membrane : 1 (constant)
exc_to_v : 1 (constant)
inh_to_v : 1 (constant)
decay_exc : 1 (constant)
decay_inh : 1 (constant)
"""

# Further variables, for reservoirs with adaptation, short-term plasticity or STDP
_ADAPTATION = """
dadapted/dt = -adapted/tau_adaptation : 1
tau_adaptation : second (constant)
adaptation : 1 (constant)
adapted_to_v : 1 (constant)
decay_adapted : 1 (constant)
"""

_SHORT_TERM = """
used : 1
resources : 1
arrived : integer
release : 1 (constant)
tau_recovery : 1 (constant)
tau_facilitation : 1 (constant)
"""

_DEPRESS = """
gap = (t_in_timesteps - arrived)*dt_ms
arrived = t_in_timesteps
resources = 1 + (resources - used*resources - 1)*exp(-gap/tau_recovery)
used = release + used*(1 - release)*exp(-gap/tau_facilitation)
"""

_STDP = """
trace_plus : 1
trace_minus : 1
touched : integer
w_max : 1 (constant)
tau_plus : 1 (constant)
tau_minus : 1 (constant)
a_plus : 1 (constant)
a_minus : 1 (constant)
"""

# Traces are decayed only when they are used. Their age is counted in whole steps, so that it does not depend on the
# position of a stimulus in a long run.
_DECAY = """
age = (t_in_timesteps - touched)*dt_ms
trace_plus = trace_plus*exp(-age/tau_plus)
trace_minus = trace_minus*exp(-age/tau_minus)
touched = t_in_timesteps
"""


def to_network(
    reservoir: Reservoir,
    plastic: bool = False,
    equations: str = "",
    drive: str = "",
    on_spike: str = "",
    target: str = "auto",
) -> Any:
    """Return the reservoir as a Brian2 ``Network``, to run, record and extend with Brian2.

    Parameters
    ----------
    reservoir : Reservoir
    plastic : bool
        Whether the synapses have STDP.
    equations : str
        Further Brian2 equations of the neurons, integrated by the first applicable of ``exact``, ``exponential_euler`` and
        ``euler``.
    drive : str
        Expression added to the membrane's drive (mV), evaluated at the start of a step and constant during it.
    on_spike : str
        Statements executed at a neuron's own spike, after the reset.
    target : str
        Code of its groups: "numpy", "cython", or "auto", Brian2's preference ``codegen.target`` at the time of the run.

    Returns
    -------
    brian2.Network
        Its objects are ``neurons`` and, if the reservoir has them, ``channels`` (set ``multiplicity`` of a channel to 1 to
        make it spike in the current step), ``recurrent`` and ``input``. Voltages and currents are dimensionless numbers
        in mV. All share one clock of step ``reservoir.dt``; use it for monitors (``clock=network["neurons"].clock``).

    Notes
    -----
    The network runs with the user's own Brian2 preferences; with Brian2's default ``-ffast-math`` spikes can differ from
    :func:`hrsnn.simulate` in the last bits. Homeostasis, which acts between the stimuli of ``simulate``, is not included.

    Examples
    --------
    Spike-frequency adaptation as a user-defined equation:

    >>> import brian2
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20, i_bias=20), seed=0)
    >>> network = reservoir.to_brian2(
    ...     equations="dadaptation/dt = -adaptation/(100*ms) : 1",
    ...     drive="- adaptation",
    ...     on_spike="adaptation += 1",
    ...     target="numpy",
    ... )
    >>> spikes = brian2.SpikeMonitor(network["neurons"])
    >>> network.add(spikes)
    >>> network.run(200 * brian2.ms)
    >>> bool(spikes.num_spikes > 0)
    True
    """
    check_runs("brian2", reservoir.kind, reservoir.needs())
    return _network(
        reservoir, plastic, spiking=True, equations=equations, drive=drive, on_spike=on_spike, code=code_class(target)
    )


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
    target: str = "auto",
) -> Weights:
    """Simulate a batch with Brian2; see :class:`~hrsnn.engines.contract.EngineFunction`.

    `target` is "cython", "numpy", or "auto": Cython where a C++ compiler is found.

    Raises
    ------
    InputError
        When `target` is "cython" and no compiler works.
    """
    # Ctrl-C is polled: weakref callbacks, which Brian2 uses widely, would discard its exception
    with notice_signals() as check_interrupted, own_brian2(target):

        def report_progress(done: int) -> None:
            check_interrupted()
            progress(done)

        network = _network(reservoir, plastic, spiking=batch.spiking)
        presenter = Presenter(network, reservoir, batch, plastic, deliver, report_progress)
        network.add(brian2.NetworkOperation(presenter.step, clock=network["neurons"].clock, when="start", name="presenter"))
        # at the end of each step: when a run ends, Brian2 clears the spikes of the last step
        network.add(brian2.NetworkOperation(presenter.collect, clock=network["neurons"].clock, when="end", name="collector"))
        if (reservoir.background_rate > 0).any():
            network.add(
                brian2.NetworkOperation(
                    presenter.background, clock=network["neurons"].clock, when="synapses", order=-1, name="background"
                )
            )
        network.run(int(batch.steps.sum()) * reservoir.dt * brian2.ms, namespace={})
        presenter.finish()
        return presenter.weights()


def _network(
    reservoir: Reservoir,
    plastic: bool,
    spiking: bool,
    equations: str = "",
    drive: str = "",
    on_spike: str = "",
    code: Any = None,
) -> Any:
    # Names are fixed, since generated code contains them: with Brian2's numbered names, each network would be recompiled.
    clock = brian2.Clock(dt=reservoir.dt * brian2.ms, name="reservoir_clock")
    adapts = bool(reservoir.adaptation.any())
    more_drive = (" - adapted" if adapts else "") + (f" + ({drive})" if drive else "")
    neurons = brian2.NeuronGroup(
        reservoir.neurons,
        _NEURONS.format(drive=more_drive) + (_ADAPTATION if adapts else "") + equations,
        threshold="v > v_threshold",
        reset="v = v_reset\n" + ("adapted += adaptation\n" if adapts else "") + on_spike,
        refractory="t_refractory",
        method=_method(equations, drive, adapts),
        clock=clock,
        codeobj_class=code,
        name="neurons",
    )
    for name in ("tau_m", "tau_exc", "tau_inh"):
        setattr(neurons, name, getattr(reservoir, name) * brian2.ms)
    # rounded to the nearest step here, since Brian2 would round down
    neurons.t_refractory = np.round(reservoir.refractory / reservoir.dt) * reservoir.dt * brian2.ms
    for name in ("v_rest", "i_bias", "v_threshold", "v_reset"):
        setattr(neurons, name, getattr(reservoir, name))
    if adapts:
        neurons.tau_adaptation = reservoir.tau_adaptation * brian2.ms
        neurons.adaptation = reservoir.adaptation
    for name, factor in vars(propagators(reservoir)).items():
        if adapts or "adapted" not in name:
            setattr(neurons, name, factor)
    neurons.excitatory = reservoir.is_excitatory.astype(float)
    neurons.inhibitory = (~reservoir.is_excitatory).astype(float)
    neurons.v = reservoir.v_start
    network = brian2.Network(neurons)

    if spiking and len(reservoir.input):
        links = reservoir.input
        if links.delay.any():
            rows = InputRows.of(links, np.round(links.delay / reservoir.dt).astype(np.int64))
            # rows are channels without delays: the batch delays their spikes
            links = dataclasses.replace(links, pre=rows.of_link, delay=np.zeros(len(links)))
        channels = brian2.NeuronGroup(
            int(links.pre.max(initial=0)) + 1 if links is not reservoir.input else reservoir.channels,
            "multiplicity : 1",
            threshold="multiplicity > 0",
            reset="multiplicity = 0",
            clock=clock,
            codeobj_class=code,
            name="channels",
        )
        network.add(channels)
        network.add(_synapses("input", channels, neurons, links, plastic, clock, code=code))
    if reservoir.synapses:
        network.add(
            _synapses("recurrent", neurons, neurons, reservoir.recurrent, plastic, clock, reservoir.short_term, code)
        )
    return network


def _synapses(
    name: str,
    source: Any,
    target: Any,
    links: Links,
    plastic: bool,
    clock: Any,
    short_term: ShortTerm | None = None,
    code: Any = None,
) -> Any:
    count = "multiplicity_pre" if name == "input" else "1"
    strength = "w" if short_term is None else "w*(used*resources/release)"
    effect = f"I_exc_post += excitatory_pre*({strength})\nI_inh_post -= inhibitory_pre*({strength})"
    if name == "input":
        effect = "I_exc_post += multiplicity_pre*w"
    learn = _DECAY + f"trace_plus += {count}\nw = clip(w - {count}*a_minus*trace_minus, 0, w_max)"
    synapses = brian2.Synapses(
        source,
        target,
        model="w : 1\n" + ("" if short_term is None else _SHORT_TERM) + (_STDP if plastic else ""),
        on_pre=("" if short_term is None else _DEPRESS) + effect + (learn if plastic else ""),
        on_post=_DECAY + "trace_minus += 1\nw = clip(w + a_plus*trace_plus, 0, w_max)" if plastic else None,
        namespace={"dt_ms": float(clock.dt / brian2.ms)},
        clock=clock,
        codeobj_class=code,
        name=name,
    )
    synapses.connect(i=links.pre, j=links.post)
    # input spikes are processed before the pre events of recurrent links, and those before all post events
    synapses.pre.order = -1 if name == "input" else 0
    synapses.w = links.weight
    if plastic:
        synapses.post.order = 1
        for field in ("w_max", "tau_plus", "tau_minus", "a_plus", "a_minus"):
            setattr(synapses, field, getattr(links, field))
    if short_term is not None:
        synapses.resources = 1
        for field in ("release", "tau_recovery", "tau_facilitation"):
            setattr(synapses, field, getattr(short_term, field))
    if links.delay.any():
        synapses.pre.delay = np.round(links.delay / (clock.dt / brian2.ms)) * clock.dt
    return synapses


@functools.cache  # Brian2 caches by the identity of the method: a new one in each run would fill memory
def _method(extra: str, drive: str, adapts: bool) -> Callable[..., str]:
    return functools.partial(_propagate, extra=extra, drive=drive, adapts=adapts)


def _propagate(equations: Any, variables: Any = None, options: Any = None, *, extra: str, drive: str, adapts: bool) -> str:
    """Return the Brian2 code of a state update by exact propagators; Brian2 integrates the user's equations."""
    code = ""
    if extra.strip():
        own = brian2.Equations(extra)
        if own.diff_eq_names:
            code = StateUpdateMethod.apply_stateupdater(own, variables, ["exact", "exponential_euler", "euler"]) + "\n"
    more_drive = f" + ({drive})" if drive else ""
    # the drive is evaluated before the user's equations are updated; v during refractoriness is copied, not rounded
    return (
        f"v_inf = v_rest + i_bias + I_ext{more_drive}\n"
        + code
        + "v_free = v_inf + (v - v_inf)*membrane + I_exc*exc_to_v + I_inh*inh_to_v\n"
        + ("v_free = v_free - adapted*adapted_to_v\nadapted = adapted*decay_adapted\n" if adapts else "")
        + "v = v_free*int(not_refractory) + v*(1 - int(not_refractory))\n"
        + "I_exc = I_exc*decay_exc\n"
        + "I_inh = I_inh*decay_inh\n"
    )
