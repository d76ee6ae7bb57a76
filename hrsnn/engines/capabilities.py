"""What engines can do: the features, the declaration of an engine, and what a run needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hrsnn.errors import InputError

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction, PopulationFunction
    from hrsnn.kinds import Network

#: Features of an engine, each with what an engine that has it can do.
FEATURES: Mapping[str, str] = {
    "grid": "simulate in steps of dt",
    "delays_per_neuron": "delay all spikes of a neuron by one time",
    "delays_per_link": "delay spikes by a time for each link",
    "zero_delays": "deliver recurrent spikes in the step in which they are emitted",
    "input_delays": "delay input spikes and currents by a time for each link",
    "short_term_plasticity": "simulate short-term plasticity",
    "adaptation": "simulate adaptation",
    "background": "simulate background input",
    "state_bits": "round v to a number of bits after each step",
    "resumable_state": "continue from the state of an earlier run",
    "chosen_neurons": "record v of chosen neurons only",
    "currents": "record synaptic currents and adaptation",
    "plasticity": "simulate STDP and homeostasis",
    "gradients": "compute gradients",
    "batch_on_device": "simulate a batch on an accelerator",
}


@dataclass(frozen=True)
class Engine:
    """Declaration of an engine: what it is, what it can do, and how it is loaded.

    A declaration is made without the libraries of its engine, which only `load` imports, so that all engines can be listed
    and compared at once.

    Parameters
    ----------
    description : str
        One line.
    load : callable
        Returns the function that simulates. It raises ImportError or an error of this package, with the reason, where the
        engine cannot be used.
    can : mapping of str to True or str
        For each of `FEATURES`: True, or the reason why not, as part of a sentence.
    kinds : tuple of str
        Kinds of networks that it simulates; a reservoir is one of the kind "reservoir".
    priority : int
        ``engine="auto"`` is the engine of the highest priority that can simulate the run and can be loaded; never one of
        priority 0.
    load_population : callable, optional
        Like `load`, for the function that simulates several networks at once; None where the engine has none.

    Raises
    ------
    InputError
        When a feature is missing or unknown, or is neither True nor a reason.

    Examples
    --------
    >>> def load():
    ...     raise ImportError("it is only an example")
    >>> can = {**dict.fromkeys(FEATURES, True), "gradients": "spikes have no derivative"}
    >>> example = Engine("an example", load, can)
    >>> example.lacks({"gradients", "adaptation"})
    ['gradients']
    """

    description: str
    load: Callable[[], EngineFunction]
    can: Mapping[str, Literal[True] | str]
    kinds: tuple[str, ...] = ("reservoir",)
    priority: int = 0
    load_population: Callable[[], PopulationFunction] | None = None

    def __post_init__(self) -> None:
        for feature in self.can:
            if feature not in FEATURES:
                raise InputError("can", feature, f"must be one of {', '.join(FEATURES)}")
        missing = [feature for feature in FEATURES if feature not in self.can]
        if missing:
            raise InputError("can", sorted(self.can), f"must also have {', '.join(missing)}: True, or the reason why not")
        for feature, able in self.can.items():
            if able is not True and not (isinstance(able, str) and able.strip()):
                raise InputError(f"can[{feature!r}]", able, "must be True, or the reason why not")

    def lacks(self, features: Collection[str]) -> list[str]:
        """Return those of `features` that the engine does not have, in the order of `FEATURES`."""
        return [feature for feature in FEATURES if feature in features and self.can[feature] is not True]


def needs(network: Network, plastic: bool = False, resumes: bool = False) -> set[str]:
    """Return the features that an engine must have for a run.

    Parameters
    ----------
    network : Network
        Of any kind; see :meth:`hrsnn.kinds.Network.needs`.
    plastic : bool
        Whether STDP is on.
    resumes : bool
        Whether the run continues from the state of an earlier run.

    Returns
    -------
    set of str

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> sorted(needs(build(ReservoirSpec(neurons=20, background_rate=5, adaptation=1)), plastic=True))
    ['adaptation', 'background', 'delays_per_neuron', 'plasticity']
    """
    return network.needs() | ({"plasticity"} if plastic else set()) | ({"resumable_state"} if resumes else set())
