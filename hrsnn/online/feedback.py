"""Readouts whose output is an input of the network, learned while it runs: FORCE."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.online.least_squares import RecursiveLeastSquares
from hrsnn.online.stream import Stream
from hrsnn.validation.numbers import count_of, series_of

Array = NDArray[np.float64]


class FeedbackReadout(Displayed):
    """Network with a linear readout that is fed back into its last channels.

    In each step the network gets the outputs of the step before (and inputs, on its first channels), and its states are
    read. In :meth:`learn` the readout is corrected by recursive least squares, so that the error is small from the first
    steps on, and the network is driven by what it will be driven by afterwards (FORCE).

    Parameters
    ----------
    stream : Stream
        Of a network with as many channels as inputs and outputs together.
    outputs : int
    penalty, forgetting : float
        Of :class:`RecursiveLeastSquares`.

    Attributes
    ----------
    readout : RecursiveLeastSquares
    output : array (outputs,)
        Latest output, which is fed back next.

    Raises
    ------
    InputError
        When the network has fewer channels than outputs.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.online import stream
    >>> wave = np.sin(np.arange(300) / 4)[:, None]
    >>> model = FeedbackReadout(stream(build(ReservoirSpec(neurons=80), seed=1, channels=1), states="v"), outputs=1)
    >>> errors = model.learn(wave)
    >>> errors.shape, bool(np.abs(errors[-50:]).mean() < np.abs(errors[:50]).mean()), model.run(steps=5).shape
    ((300, 1), True, (5, 1))

    References
    ----------
    D. Sussillo and L. F. Abbott (2009). W. Nicola and C. Clopath (2017), for spiking networks.
    """

    def __init__(self, stream: Stream, outputs: int, *, penalty: float = 1.0, forgetting: float = 1.0) -> None:
        outputs = count_of("outputs", outputs)
        self.inputs = stream.network.channels - outputs
        if self.inputs < 0:
            raise InputError("outputs", outputs, f"must be at most the {stream.network.channels} channels of the network")
        self.stream, self.output = stream, np.zeros(outputs)
        self._penalty, self._forgetting = penalty, forgetting
        self.readout: RecursiveLeastSquares | None = None

    def learn(self, targets: ArrayLike, inputs: ArrayLike | None = None, every: int = 1) -> Array:
        """Run with feedback, and correct the readout.

        Parameters
        ----------
        targets : array (steps, outputs)
            Output wanted at the end of each step.
        inputs : array (steps, inputs), optional
            Values of the first channels.
        every : int
            Steps from one correction to the next.

        Returns
        -------
        array (steps, outputs)
            Errors before each correction, ``target - output``.
        """
        wanted, given = self._series(targets, inputs)
        every, errors = count_of("every", every), np.empty_like(wanted)
        for k, target in enumerate(wanted):
            states = self._advance(given[k])
            errors[k] = target - self.output
            if k % every == 0:
                assert self.readout is not None
                self.readout.update(states, target)
                self.output = self.readout.predict(states)
        return errors

    def run(self, steps: int | None = None, inputs: ArrayLike | None = None) -> Array:
        """Run with feedback and a fixed readout.

        Parameters
        ----------
        steps : int, optional
            Number of steps; by default that of the inputs.
        inputs : array (steps, inputs), optional

        Returns
        -------
        array (steps, outputs)
        """
        if steps is None and inputs is None:
            raise InputError("steps", None, "must be given where there are no inputs")
        count = count_of("steps", len(np.asarray(inputs)) if steps is None else steps)
        _, given = self._series(np.zeros((count, len(self.output))), inputs)
        made = np.empty((count, len(self.output)))
        for k in range(count):
            self._advance(given[k])
            made[k] = self.output
        return made

    def _advance(self, values: Array) -> Array:
        states = self.stream.step(np.concatenate([values, self.output]))
        if self.readout is None:
            self.readout = RecursiveLeastSquares(
                len(states), len(self.output), penalty=self._penalty, forgetting=self._forgetting
            )
        self.output = self.readout.predict(states)
        return states

    def _series(self, targets: ArrayLike, inputs: ArrayLike | None) -> tuple[Array, Array]:
        wanted = series_of("targets", targets)
        if wanted.shape[1] != len(self.output):
            raise InputError("targets", wanted.shape, f"must have {len(self.output)} columns")
        given = np.zeros((len(wanted), 0)) if inputs is None else series_of("inputs", inputs)
        if given.shape != (len(wanted), self.inputs):
            raise InputError("inputs", given.shape, f"must have the shape {(len(wanted), self.inputs)}")
        return wanted, given

    def _parts(self) -> Iterable[str]:
        yield repr(self.stream)
        yield f"{self.inputs} inputs, {len(self.output)} outputs"
