"""The engine of balanced networks: the choice of the form, and the stimuli as tasks of a pool of threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.state import BalancedState, BalancedVariables
from hrsnn.engines.balanced import states, voltages
from hrsnn.engines.balanced.arguments import Code, Inputs, Output, StateForm, States, VoltageForm, Voltages
from hrsnn.engines.batch import Batch
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.jit import plain_tuples, read_only
from hrsnn.engines.rounding import Rounding, rounding
from hrsnn.engines.threads import in_order, threads
from hrsnn.errors import DivergenceError, InputError
from hrsnn.runtime.seeds import generator

#: Size of the buffer for the spikes of one kernel call, in addition to one for each neuron.
_ROOM = 8192
#: Approximate number of products in a call, so that it ends within a fraction of a second, for Ctrl-C and progress.
_WORK = 300_000_000
_EMPTY, _NONE = np.empty(0), np.empty((0, 0))


def run(
    network: BalancedNetwork,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch of stimuli; see :class:`~hrsnn.engines.contract.EngineFunction`.

    Order within a step: state update; threshold; input spikes; the spike of the network, which acts at once on all V through
    the fast weights. The stimuli are independent tasks of a pool of threads (the kernels release the GIL); the result does
    not depend on the number of threads.

    Raises
    ------
    DivergenceError
        When V is no longer finite.
    """
    form = _form(network)
    stop: list[bool] = []
    before = np.concatenate([[0], np.cumsum(batch.steps)])
    workers = min(threads(), len(batch))

    def task(index: int) -> Response:
        def tell(step: int) -> None:
            if workers == 1:  # with threads, only complete stimuli are reported
                progress(int(before[index]) + step)

        return _present(network, form, batch, index, tell, stop)

    with closing(in_order(task, len(batch), workers, stop)) as responses:
        for index, response in enumerate(responses):
            deliver(index, response)
            progress(int(before[index + 1]))
    return Weights(_EMPTY, _EMPTY)


class _Form(NamedTuple):
    """A network in the form that the kernels use."""

    code: Code
    of_states: StateForm | None
    of_voltages: VoltageForm | None
    #: Number of steps in a call.
    steps: int


def by_states(network: BalancedNetwork) -> bool:
    """Return whether the J states are the whole state: one leak; no mu, noise, rounding, edit or several spikes a step."""
    edited = network.edited or not network.linked or network.several_spikes
    simple = not network.own_reset.any() and not network.noise and not network.state_bits
    return bool(np.ptp(network.leak) == 0 and simple and not edited)


def _form(network: BalancedNetwork) -> _Form:
    code = Code(
        decoder=read_only(network.decoder),
        rows=read_only(network.decoder.T),
        threshold=read_only(network.threshold),
        kicks=read_only(network.B_weights.T * (network.hold / 1000)),
    )
    j, n = network.decoder.shape
    if not by_states(network):
        steps = _WORK // (n * n if network.edited and np.ptp(network.leak) else 3 * n * j)
        return _Form(code, None, _voltage_form(network), max(1, steps))
    dt, leak = network.dt / 1000, float(network.leak[0])
    decay = float(np.exp(-leak * dt))
    onward = read_only(dt * decay * (network.A_weights + leak * np.eye(j)))
    return _Form(code, StateForm(onward, decay, float(-np.expm1(-leak * dt) / leak)), None, max(1, _WORK // (n * j)))


def _voltage_form(network: BalancedNetwork) -> VoltageForm:
    dt, leak = network.dt / 1000, network.leak
    one_leak, edited = bool(np.ptp(leak) == 0), network.edited
    half, decay = np.exp(-leak * dt / 2), np.exp(-leak * dt)
    low_rank = one_leak and network.linked and not edited
    # the noise of a step, such that the sd of V with this noise alone is the given share of the threshold
    noise = network.noise * network.threshold * np.sqrt(-np.expm1(-2 * leak * dt)) if network.noise else _EMPTY
    return VoltageForm(
        decay=read_only(decay),
        half=read_only(half),
        slow=read_only(dt * (decay if one_leak else half)),
        drive=read_only(-np.expm1(-leak * dt) / leak),
        own=read_only(network.own_reset),
        norms=read_only((network.decoder**2).sum(axis=0)),
        noise=read_only(noise),
        leak=read_only(leak),
        system=read_only(network.A_weights),
        slow_rows=read_only((network.A_weights @ network.decoder + network.decoder * leak).T if low_rank else _NONE),
        fast_columns=read_only(network.fast.T if edited else _NONE),
        slow_columns=read_only(network.slow.T if edited else _NONE),
        linked=network.linked or edited,
        one_leak=one_leak,
        several=network.several_spikes,
        key=np.uint64(0),
        rounding=rounding(0, False, _EMPTY, _EMPTY, 0, 0),
        begin=0,
    )


def _start(
    form: _Form, j: int, n: int, key: int, levels: Rounding, before: BalancedState | None
) -> tuple[Callable[..., tuple[int, int]], Any, States | Voltages]:
    """Return the kernel of a form, its constants, and the state at rest or `before`; `key` is of the noise."""
    if before is not None and bool(before.variables.states.size) != (form.of_states is not None):
        raise InputError("state", "of the other form", "must be of an engine with the same form, states or voltages")
    if form.of_states is not None:
        error, estimate, driven, moved = np.zeros((4, j))
        if before is not None:
            error[:], estimate[:] = before.variables.states
        return states.advance, form.of_states, States(error, estimate, driven, moved, np.zeros(n))
    assert form.of_voltages is not None
    v, slow, rates, driven, kicked = np.zeros((5, n))
    if before is not None:
        v[:], slow[:], rates[:] = before.variables.voltages
    p, q = np.zeros((2, j))
    state = Voltages(v, slow, rates, driven, kicked, p, q)
    begin = 0 if before is None else before.steps
    return voltages.advance, form.of_voltages._replace(key=np.uint64(key), rounding=levels, begin=begin), state


def _end(state: States | Voltages) -> BalancedVariables:
    """Return a copy of the variables from which a run can continue."""
    if isinstance(state, States):
        return BalancedVariables(np.stack([state.error, state.estimate]), _NONE)
    return BalancedVariables(_NONE, np.stack([state.v, state.slow, state.rates]))


def _present(
    network: BalancedNetwork, form: _Form, batch: Batch, index: int, tell: Callable[[int], None], stop: list[bool]
) -> Response:
    """Simulate one stimulus, in several kernel calls."""
    now = batch.presentation(index, drive=False)
    drive_step, values = (
        batch.values(index) if not batch.spiking else (np.empty(0, np.int64), np.empty((0, network.channels)))
    )
    inputs = Inputs(
        read_only(drive_step),
        read_only(values @ network.B_weights.T),
        *map(read_only, (now.spike_step, now.spike_channel, now.spike_count, now.v_step)),
    )
    (j, n), room = network.decoder.shape, network.neurons + _ROOM
    watched, seen = batch.watched, batch.watched.room(len(now.v_step))
    spikes = np.empty(room, np.int64), np.empty(room, np.int32)
    out = Output(*spikes, seen[:, 0], read_only(watched.neurons), np.empty(n, np.int32))
    key = int(generator(batch.seed, "balanced", "noise", index).integers(2**63))
    before = batch.start if isinstance(batch.start, BalancedState) else None
    bits, stochastic, done = network.state_bits, network.stochastic_rounding, 0 if before is None else before.steps
    levels = rounding(bits, stochastic, np.zeros(n), network.threshold, batch.seed, index, done)
    kernel, constants, state = _start(form, j, n, key, levels, before)
    arguments = plain_tuples((form.code, constants, inputs, state, out))
    steps, who, step = [np.empty(0, np.int64)], [np.empty(0, np.int32)], 0
    while step < now.n_steps and not stop:
        step, filled = kernel(step, min(now.n_steps, step + form.steps), *arguments)
        steps.append(out.step[:filled].copy())
        who.append(out.neuron[:filled].copy())
        tell(step)
    if not np.isfinite(state[0]).all():
        raise DivergenceError("V is no longer finite; the input or the weights are far too large")
    end = _end(state) if len(batch) == 1 else None
    return Response(np.concatenate(steps), np.concatenate(who), **watched.parts(seen), end=end)
