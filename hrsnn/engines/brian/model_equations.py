"""The equations of a model's neurons and links, with a line for each constant that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hrsnn.engines.brian.session import brian2
from hrsnn.engines.brian.unit_text import Unit, unit_of_text
from hrsnn.equations.grammar import without_comments

if TYPE_CHECKING:
    from hrsnn.equations.model import BrianModel

#: Statements that a link runs, as (always, with plasticity), by side and event.
EVENTS = {
    ("recurrent", "pre"): ("on_pre", "plastic_on_pre"),
    ("recurrent", "post"): ("on_post", "plastic_on_post"),
    ("input", "pre"): ("input_on_pre", "plastic_on_pre"),
    ("input", "post"): ("", "plastic_on_post"),
}
TYPES = ("excitatory", "inhibitory")
#: Spikes of a channel in a step: k of them are one spike with k times the weight.
_COUNT = "multiplicity_pre"


def neuron_constants(model: BrianModel) -> dict[str, Unit]:
    """Return the units of the constants of neurons, by name: parameters, the types of neurons where they are used."""
    of_type = model.by_type
    halves = {f"{name}_{kind}" for name in of_type for kind in ("exc", "inh")}
    found = {name: unit_of_text(one.unit) for name, one in _amounts(model.parameters).items() if name not in halves}
    found |= {name: unit_of_text(_amounts(model.parameters)[f"{name}_exc"].unit) for name in of_type}
    return found | {name: unit_of_text("1") for name in TYPES if name in model.words}


def neuron_equations(model: BrianModel) -> Any:
    """Return the equations of the neurons."""
    own = brian2.Equations(model.equations)
    declared = dict(neuron_constants(model))
    if model.drive and model.input_gain is not None:
        declared[model.drive] = unit_of_text(model.input_gain.unit)
    return own + _constants({name: unit for name, unit in declared.items() if name not in own})


def link_equations(model: BrianModel, side: str, plastic: bool) -> Any:
    """Return the equations of the links of a side, "recurrent" or "input"."""
    learns = plastic and (side == "recurrent" or bool(model.plastic_input))
    text = "\n".join([model.synapses or ""] * (side == "recurrent") + [model.plasticity or ""] * learns)
    own = brian2.Equations(text)
    weight = model.weight_of("ee") if side == "recurrent" else model.input_weight
    unit = unit_of_text("1" if weight is None else weight.unit)
    declared = {"w": unit, "w_max": unit, **{k: unit_of_text(v.unit) for k, v in _amounts(model.synapse_parameters).items()}}
    return own + _constants(
        {name: one for name, one in declared.items() if name not in own}, varying={"w"} if learns else set()
    )


def statements(model: BrianModel, side: str, event: str, plastic: bool) -> str:
    """Return the statements of a side's links at an event, "pre" or "post"."""
    always, learned = EVENTS[side, event]
    learns = plastic and (side == "recurrent" or bool(model.plastic_input))
    now = getattr(model, always) if always else ""
    if side == "input":
        now = _replaced(now, "w", f"({_COUNT}*w)")
    then = getattr(model, learned) if learns else ""
    return "\n".join(part for part in (now, with_arrivals(then, side, event)) if part)


def with_arrivals(text: str, side: str, event: str) -> str:
    """Return statements with the number of spikes that arrive in a step for the name `arrivals`."""
    return _replaced(text, "arrivals", "1" if side == "recurrent" else _COUNT) if event == "pre" else text


def _replaced(text: str, name: str, other: str) -> str:
    return re.sub(rf"(?<![\w.]){name}(?!\w)", other, without_comments(text))


def _amounts(table: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return table or {}


def _constants(units: Mapping[str, Unit], varying: frozenset[str] | set[str] = frozenset()) -> Any:
    single = brian2.equations.equations
    return brian2.Equations(
        [
            single.SingleEquation(single.PARAMETER, name, dimensions=unit.dim, flags=[] if name in varying else ["constant"])
            for name, unit in units.items()
        ]
    )


def equations_of(group: Any) -> dict[str, Any]:
    """Return all equations of a group by name; Brian2 keeps the event-driven ones of links apart."""
    return {**dict(group.equations), **dict(getattr(group, "event_driven", None) or {})}
