"""Echo state networks, the tanh reservoirs used as a baseline, and the choice of their parameters."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.preprocessing import VALIDATION_SHARE
from hrsnn.regression.ridge import ALPHAS, Forecast, ridge_readout
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, float_vector, series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Default grids, from short memory and nearly linear units to long memory and strongly nonlinear units.
SPECTRAL_RADII, INPUT_SCALES, LEAKS = (0.3, 0.6, 0.9, 1.2), (0.1, 0.3, 1.0), (1.0, 0.5, 0.2)
#: Most units of the networks on which settings are compared: the best settings hardly depend on the size.
_TRIAL = 200


@takes()
def echo_state_network(
    inputs: ArrayLike,
    size: int,
    seed: int = 0,
    *,
    spectral_radius: float = 0.9,
    input_scale: float = 0.5,
    bias_scale: float = 0.1,
    leak: float = 1.0,
    recurrent: Literal["gaussian", "orthogonal"] = "gaussian",
) -> Array:
    """Compute the states of an echo state network of tanh units, for :func:`hrsnn.analysis.ridge_readout`.

    ``x(t) = (1 - leak) x(t - 1) + leak tanh(W x(t - 1) + V u(t) + b)``, ``x = 0`` before the first input.

    Parameters
    ----------
    inputs : array, shape (times,) or (times, channels)
        Values u(t), scaled to about 1 beforehand.
    size : int
        Number of units.
    seed : int
        Seed of W, V and b.
    spectral_radius : float
        Largest absolute eigenvalue of W.
    input_scale, bias_scale : float
        V is uniform(-input_scale, input_scale), b uniform(-bias_scale, bias_scale). Without a bias the network is odd:
        the negated input gives the negated states.
    leak : float
        Above 0 and at most 1.
    recurrent : {"gaussian", "orthogonal"}
        W before scaling: independent Gaussian entries, or a random orthogonal matrix, which has the longest memory.

    Returns
    -------
    array, shape (times, size)

    Raises
    ------
    InputError
        When an option is out of range or an input is not finite.

    Examples
    --------
    >>> states = echo_state_network(np.sin(np.arange(50.0)), size=20, seed=1)
    >>> states.shape, bool(np.abs(states).max() < 1)
    ((50, 20), True)

    References
    ----------
    H. Jaeger, "The echo state approach to analysing and training recurrent neural networks", GMD Report 148 (2001).
    """
    series = series_of("inputs", inputs)
    network = EchoStateNetwork(
        series.shape[1],
        size,
        seed,
        spectral_radius=spectral_radius,
        input_scale=input_scale,
        bias_scale=bias_scale,
        leak=leak,
        recurrent=recurrent,
    )
    return network(series)


class EchoStateNetwork:
    """Echo state network that can be run from any state; see :func:`echo_state_network`.

    Parameters
    ----------
    channels : int
        Number of inputs.
    size, seed, spectral_radius, input_scale, bias_scale, leak, recurrent
        As in :func:`echo_state_network`.

    Raises
    ------
    InputError
        When an option is out of range.

    Examples
    --------
    >>> network, u = EchoStateNetwork(channels=1, size=20), np.sin(np.arange(50.0))[:, None]
    >>> states = network(u)
    >>> bool(np.allclose(network(u[30:], start=states[29]), states[30:]))
    True
    """

    def __init__(
        self,
        channels: int,
        size: int,
        seed: int = 0,
        *,
        spectral_radius: float = 0.9,
        input_scale: float = 0.5,
        bias_scale: float = 0.1,
        leak: float = 1.0,
        recurrent: Literal["gaussian", "orthogonal"] = "gaussian",
    ) -> None:
        count_of("size", size)
        for field, value in (
            ("spectral_radius", spectral_radius),
            ("input_scale", input_scale),
            ("bias_scale", bias_scale),
        ):
            if not (np.isfinite(value) and value >= 0):
                raise InputError(field, value, "must be >= 0")
        if recurrent not in ("gaussian", "orthogonal"):
            raise InputError("recurrent", recurrent, "must be 'gaussian' or 'orthogonal'")

        check_memory("size", size, 24 * int(size) ** 2, "the recurrent weights of an echo state network")
        w = generator(seed, "echo_state_network", "recurrent").normal(size=(size, size))
        if recurrent == "orthogonal":
            w = spectral_radius * np.linalg.qr(w)[0]
        else:
            w *= spectral_radius / np.abs(np.linalg.eigvals(w)).max()
        self.w = w
        self.v = generator(seed, "echo_state_network", "input").uniform(-input_scale, input_scale, (channels, size))
        self.b = generator(seed, "echo_state_network", "bias").uniform(-bias_scale, bias_scale, size)
        self.leak = _checked_leak(leak)

    def scaled(self, radius: float, scale: float, leak: float) -> EchoStateNetwork:
        """Return the network with recurrent weights times `radius`, input weights times `scale`, and leak `leak`."""
        other = copy.copy(self)
        other.w, other.v, other.leak = radius * self.w, scale * self.v, _checked_leak(leak)
        return other

    def __call__(self, inputs: Array, start: Array | None = None) -> Array:
        """Return the states (times, size) for `inputs` (times, channels), from the initial state `start`, by default 0."""
        drive = inputs @ self.v + self.b
        states = np.empty_like(drive)
        x = np.zeros(len(self.b)) if start is None else start
        for t, arriving in enumerate(drive):
            x = (1 - self.leak) * x + self.leak * np.tanh(self.w @ x + arriving)
            states[t] = x
        return states


@dataclass(frozen=True)
class EchoStateForecast(Displayed):
    """Fitted echo state network, as returned by :func:`fit_echo_state_network`.

    Attributes
    ----------
    network : EchoStateNetwork
    settings : mapping
        The ``spectral_radius``, ``input_scale`` and ``leak`` chosen.
    states : array (times, size)
        States for the inputs used in the fit.
    forecast : Forecast
        Forecast for every row of `states`; its ``alpha`` is the penalty chosen.
    """

    network: EchoStateNetwork
    settings: Mapping[str, float]
    states: Array
    forecast: Forecast


@takes()
def fit_echo_state_network(
    inputs: ArrayLike,
    targets: ArrayLike,
    train: int,
    size: int,
    seed: int = 0,
    *,
    washout: int = 0,
    spectral_radii: Sequence[float] = SPECTRAL_RADII,
    input_scales: Sequence[float] = INPUT_SCALES,
    leaks: Sequence[float] = LEAKS,
    alphas: Sequence[float] = ALPHAS,
    validation_share: float = VALIDATION_SHARE,
) -> EchoStateForecast:
    """Fit an echo state network, with settings and ridge penalty chosen on the end of the training part.

    Every combination of the settings is fitted by :func:`hrsnn.analysis.ridge_readout`, and the one with the smallest error
    on the validation rows is chosen, by the same rule as the penalty. Rows after the training part are never used.

    Parameters
    ----------
    inputs : array, shape (times,) or (times, channels)
    targets : array, shape (times,) or (times, outputs)
        ``targets[t]`` is to be predicted from the inputs up to t.
    train : int
        Rows 0 to ``train - 1`` are the training part.
    size : int
        Number of units. Settings are compared on networks of at most 200 units, the penalty is chosen at the full size.
    seed : int
        Seed of the weights, which differ between settings in scale only.
    washout : int
        Rows at the start that are not used in the fits.
    spectral_radii, input_scales, leaks : sequence of float
        Values to try, see :func:`echo_state_network`.
    alphas, validation_share
        As in :func:`hrsnn.analysis.ridge_readout`.

    Returns
    -------
    EchoStateForecast

    Raises
    ------
    InputError
        When an option is out of range, shapes do not match, values are not finite, or there are too few training rows.

    Notes
    -----
    36 settings take about 0.7 s per 1000 training rows. On Lorenz-63 in closed loop (5000 training values, 300 units,
    seeds 0 to 4, 10 starts each) the valid time of the chosen network is 7.6 Lyapunov times or more, that with the default
    settings of :func:`echo_state_network` 1.9.

    Examples
    --------
    >>> series = np.sin(0.3 * np.arange(300.0))
    >>> found = fit_echo_state_network(series[:-1], series[1:], train=200, size=20, washout=20)
    >>> bool(np.abs(found.forecast.prediction - series[1:])[200:].max() < 1e-4), sorted(found.settings)
    (True, ['input_scale', 'leak', 'spectral_radius'])

    References
    ----------
    M. Lukosevicius, "A practical guide to applying echo state networks", in Neural Networks: Tricks of the Trade (2012).
    """
    series = series_of("inputs", inputs)
    wanted = np.asarray(targets, dtype=np.float64)
    if wanted.shape[:1] != series.shape[:1]:
        raise InputError("targets", wanted.shape, f"must have {len(series)} rows, as inputs has")
    names = ("spectral_radius", "input_scale", "leak")
    given = {"spectral_radii": spectral_radii, "input_scales": input_scales, "leaks": leaks}
    values = [float_vector(name, one).tolist() for name, one in given.items()]
    tried = [dict(zip(names, one, strict=True)) for one in itertools.product(*values)]
    if not tried:
        raise InputError("spectral_radii, input_scales, leaks", (spectral_radii, input_scales, leaks), "must hold one each")

    def read(network: EchoStateNetwork, rows: int) -> tuple[Array, Forecast]:
        states = network(series[:rows])
        return states, ridge_readout(states, wanted[:rows], train, alphas, validation_share, washout=washout)

    channels, settings, least = series.shape[1], tried[0], np.inf
    unit = EchoStateNetwork(channels, min(size, _TRIAL), seed, spectral_radius=1.0, input_scale=1.0)
    for radius, scale, leak in (one.values() for one in tried):
        error = read(unit.scaled(radius, scale, leak), train)[1].validation_error
        if error < least:
            settings, least = {"spectral_radius": radius, "input_scale": scale, "leak": leak}, error
    radius, scale, leak = settings.values()
    network = EchoStateNetwork(channels, size, seed, spectral_radius=radius, input_scale=scale, leak=leak)
    states, forecast = read(network, len(series))
    return EchoStateForecast(network, settings, states, forecast)


def _checked_leak(leak: float) -> float:
    if not 0 < leak <= 1:
        raise InputError("leak", leak, "must be over 0 and up to 1")
    return leak
