"""What a network is built from: model, neuron, precision and coding, as data that a file keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hrsnn.deep.frames import CODINGS
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.models import architecture
from hrsnn.deep.neurons import Neuron, lif
from hrsnn.deep.precision import Precision
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of


@dataclass(frozen=True)
class NetworkSettings(Displayed):
    """Settings of a network.

    Parameters
    ----------
    model : str
        One of :data:`hrsnn.deep.models.MODELS`.
    shape : tuple of int
        Of one frame.
    classes : int
    neuron : Neuron
    steps : int
    coding : {"direct", "poisson"}
        Whether the input is the same at each step, or random spikes; without effect where samples change in time.
    precision : Precision
    window : float or None
        Half-width of the surrogate's window; None is the analytic one.
    learn_neurons : bool
    rectified : bool
        Whether units are rectified and have no spikes; `steps` is then 1.
    own_thresholds : bool
        Whether each layer has a threshold of its own, which is trained.
    masked : bool
        Whether weights have masks.

    Raises
    ------
    InputError
        When the coding is unknown; the others are checked when the network is built.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (64,), 10)
    >>> NetworkSettings.from_plain(settings.plain()) == settings
    True
    """

    model: str
    shape: tuple[int, ...]
    classes: int
    neuron: Neuron = field(default_factory=lif)
    steps: int = 4
    coding: str = "direct"
    precision: Precision = field(default_factory=Precision)
    window: float | None = None
    learn_neurons: bool = False
    rectified: bool = False
    own_thresholds: bool = False
    masked: bool = False

    def __post_init__(self) -> None:
        if self.coding not in CODINGS:
            raise InputError("coding", self.coding, f"must be one of {', '.join(CODINGS)}")
        count_of("steps", self.steps)
        if self.rectified and self.steps != 1:
            raise InputError("steps", self.steps, "must be 1: rectified units have no time")

    def build(self, seed: int = 0) -> Spiking:
        """Return a network with initial weights."""
        return Spiking(
            architecture(self.model, self.shape, self.classes),
            self.neuron,
            self.steps,
            self.precision,
            self.window,
            self.learn_neurons,
            seed,
            self.rectified,
            self.own_thresholds,
            self.masked,
        )

    def plain(self) -> dict[str, Any]:
        """Return numbers, texts, lists and mappings, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> NetworkSettings:
        """Return the settings that :meth:`plain` was of.

        Raises
        ------
        TypeError, KeyError
            When names are missing or unknown.
        """
        parts = {"neuron": Neuron(**values["neuron"]), "precision": Precision(**values["precision"])}
        return cls(**{**values, **parts, "shape": tuple(values["shape"])})
