"""Time of a neuron's next threshold crossing, from the closed form of v between two events.

With C = v_rest + i_bias + I_ext, and times relative to the latest event,

    v(t) = C + (v0 - C) e^(-t/tau_m) + I_exc phi_exc(t) + I_inh phi_inh(t) - a phi_a(t),
    phi_s(t) = (t/tau_m) e^(-t/max(tau_m, tau_s)) (1 - e^(-x))/x,    x = t |1/tau_m - 1/tau_s|.

Crossings are bracketed in three stages, so that none is missed. Extrema of e^(t/tau_m) dv/dt are zeros of S', where S is
the sum of the currents, each an exponential; S' has fewer zeros than exponentials. Between two of these, dv/dt has at most
one zero, and between two zeros of dv/dt, v is monotone and has at most one crossing.

Rates are 1/tau (1/ms).
"""

from __future__ import annotations

import math
from typing import Any

from hrsnn.engines.jit import kernel

#: Number of longest time constants after which v is constant: e^-60 of a difference is below rounding.
_SETTLED = 60.0
#: Below this x, (1 - e^(-x))/x is a Taylor polynomial, whose next term is 1e-17; above, a difference of exponentials.
_NEAR = 0.125
_TAYLOR = tuple((-1.0) ** k / math.factorial(k + 1) for k in range(10))
#: Maximum number of steps of the safeguarded Newton method, of which every second one at least halves the bracket.
_STEPS = 200


@kernel
def to_v(t: float, rate_m: float, rate: float, decay_m: float, decay: float) -> float:
    """Return phi_s(t), given the two decays e^(-t/tau_m) and e^(-t/tau_s)."""
    difference = abs(rate_m - rate)
    x = t * difference
    if x > _NEAR:
        return rate_m * abs(decay - decay_m) / difference
    ratio = _TAYLOR[9]
    for k in range(8, -1, -1):
        ratio = ratio * x + _TAYLOR[k]
    return rate_m * t * max(decay_m, decay) * ratio


@kernel
def follow(
    t: float, gap: float, asymptote: float, exc: float, inh: float, adapted: float, rates: Any
) -> tuple[float, float, float]:
    """Return v - threshold, tau_m dv/dt and tau_m d2v/dt2 at a time `t` after a state.

    Parameters
    ----------
    t : float
        ms, >= 0.
    gap, asymptote : float
        v0 - threshold and C - threshold (mV).
    exc, inh, adapted : float
        Currents of the state (mV).
    rates : tuple
        1/tau_m, 1/tau_exc, 1/tau_inh, 1/tau_adaptation.

    Notes
    -----
    dv/dt is the sum of decaying terms, ((C - v0) e^(-t/tau_m) + sum_s I_s (e^(-t/tau_s) - phi_s))/tau_m: the shorter form
    (C - v(t) + S(t))/tau_m loses digits as v approaches C, so that crossings would be missed.
    """
    rate_m, rate_exc, rate_inh, rate_adapted = rates
    decay_m, decay_exc, decay_inh = math.exp(-t * rate_m), math.exp(-t * rate_exc), math.exp(-t * rate_inh)
    exc_to_v = to_v(t, rate_m, rate_exc, decay_m, decay_exc)
    inh_to_v = to_v(t, rate_m, rate_inh, decay_m, decay_inh)
    fall = asymptote - gap
    value = asymptote - fall * decay_m + exc * exc_to_v + inh * inh_to_v
    slope = fall * decay_m + exc * (decay_exc - exc_to_v) + inh * (decay_inh - inh_to_v)
    turn = -(exc * rate_exc * decay_exc + inh * rate_inh * decay_inh)
    if adapted != 0.0:
        decay_adapted = math.exp(-t * rate_adapted)
        adapted_to_v = to_v(t, rate_m, rate_adapted, decay_m, decay_adapted)
        value -= adapted * adapted_to_v
        slope -= adapted * (decay_adapted - adapted_to_v)
        turn += adapted * rate_adapted * decay_adapted
    return value, slope, turn - slope * rate_m


@kernel
def _balance(p: float, rate_p: float, q: float, rate_q: float) -> float:
    """Return the time > 0 at which p e^(-rate_p t) + q e^(-rate_q t) = 0; infinite if there is none."""
    if p * q < 0.0 and rate_p != rate_q:
        t = math.log(-p / q) / (rate_p - rate_q)
        if t > 0.0:
            return t
    return math.inf


@kernel
def _sum_of_three(t: float, p: Any, rates: Any) -> float:
    return float(p[0] * math.exp(-t * rates[0]) + p[1] * math.exp(-t * rates[1]) + p[2] * math.exp(-t * rates[2]))


@kernel
def _balance_of_three(p: Any, rates: Any, horizon: float) -> tuple[float, float]:
    """Return the two zeros in (0, horizon) of a sum of three exponentials, ascending; infinite where there are fewer.

    e^(rate_0 t) times the sum is monotone on both sides of the zero of its derivative, a sum of two exponentials.
    """
    turn = _balance(p[1] * (rates[0] - rates[1]), rates[1], p[2] * (rates[0] - rates[2]), rates[2])
    first = second = math.inf
    for piece in range(2):
        low = 0.0 if piece == 0 else min(turn, horizon)
        high = min(turn, horizon) if piece == 0 else horizon
        at_low, at_high = _sum_of_three(low, p, rates), _sum_of_three(high, p, rates)
        if low < high and at_low * at_high < 0.0:
            while True:  # bisection to the last bit: with an inaccurate zero, another one could be missed
                middle = 0.5 * (low + high)
                if not low < middle < high:
                    break
                if (_sum_of_three(middle, p, rates) < 0.0) == (at_low < 0.0):
                    low = middle
                else:
                    high = middle
            if math.isinf(first):
                first = high
            else:
                second = high
    return first, second


@kernel
def first_crossing(
    horizon: float, gap: float, asymptote: float, exc: float, inh: float, adapted: float, rates: Any
) -> float:
    """Return the first time in [0, horizon] at which v rises above the threshold; infinite if there is none.

    Parameters
    ----------
    horizon : float
        ms.
    gap, asymptote, exc, inh, adapted, rates
        As in :func:`follow`.

    Notes
    -----
    The result is 0 when v is above the threshold already, or at it and rising. Touching the threshold from below without
    exceeding it is not a crossing. The error of the root is its residual over its slope, 1e-12 ms or better where v is not
    nearly tangent to the threshold.
    """
    if gap > 0.0:
        return 0.0
    if asymptote + max(exc, 0.0) + max(inh, 0.0) - min(adapted, 0.0) <= 0.0:
        return math.inf
    rate_m, rate_exc, rate_inh, rate_adapted = rates
    slowest = min(rate_m, rate_exc, rate_inh)
    if adapted != 0.0:
        slowest = min(slowest, rate_adapted)
    horizon = min(horizon, _SETTLED / slowest)
    first, second = math.inf, math.inf
    if adapted != 0.0:
        parts = (exc * rate_exc, inh * rate_inh, -adapted * rate_adapted)
        first, second = _balance_of_three(parts, (rate_exc, rate_inh, rate_adapted), horizon)
    else:
        first = _balance(exc * rate_exc, rate_exc, inh * rate_inh, rate_inh)
    low, value_low, slope_low = 0.0, gap, asymptote - gap + exc + inh - adapted
    for piece in range(3):
        high = min(first if piece == 0 else second if piece == 1 else horizon, horizon)
        if high <= low:
            continue
        value_high, slope_high, _ = follow(high, gap, asymptote, exc, inh, adapted, rates)
        if value_low == 0.0 and (slope_low > 0.0 or (slope_low == 0.0 and slope_high > 0.0)):
            return low
        over = high
        if value_high <= 0.0:
            rises_and_falls = slope_low > 0.0 and slope_high < 0.0
            over = _above(low, high, gap, asymptote, exc, inh, adapted, rates) if rises_and_falls else -1.0
        if over > low:
            return float(_root(low, over, slope_low > 0.0, gap, asymptote, exc, inh, adapted, rates))
        low, value_low, slope_low = high, value_high, slope_high
    return math.inf


@kernel
def _above(
    low: float, high: float, gap: float, asymptote: float, exc: float, inh: float, adapted: float, rates: Any
) -> float:
    """Return a time in (low, high], where v has one maximum, with v above the threshold; -1 if there is none."""
    enough = 1e-9 / rates[0]
    x, a, b = low, low, high
    step = before = high - low
    for _ in range(_STEPS):
        value, slope, turn = follow(x, gap, asymptote, exc, inh, adapted, rates)
        if value > 0.0:
            return x
        if slope > 0.0:
            a = x
        else:
            b = x
        before, step = step, (-slope / turn if turn != 0.0 else math.inf)
        if not a < x + step < b or abs(step) > 0.5 * abs(before):
            step = 0.5 * (a + b) - x
        if abs(step) < enough:
            value, _, _ = follow(x + step, gap, asymptote, exc, inh, adapted, rates)
            return x + step if value > 0.0 else -1.0
        x += step
    return -1.0


@kernel
def _root(
    low: float,
    high: float,
    from_low: bool,
    gap: float,
    asymptote: float,
    exc: float,
    inh: float,
    adapted: float,
    rates: Any,
) -> float:
    """Return the time in [low, high] at which v rises through the threshold, at or below it at `low`, above at `high`."""
    x = low if from_low else 0.5 * (low + high)
    step = before = high - low
    for _ in range(_STEPS):
        value, slope, _ = follow(x, gap, asymptote, exc, inh, adapted, rates)
        if value > 0.0:
            high = x
        else:
            low = x
        before, step = step, (-value / (slope * rates[0]) if slope > 0.0 else math.inf)
        if abs(step) < 1e-14 or abs(step) < 4e-16 * x:
            return max(x + step, 0.0)
        if not low < x + step < high or abs(step) > 0.5 * abs(before):
            step = 0.5 * (low + high) - x
            if not low < x + step < high:
                return high
        x += step
    return x
