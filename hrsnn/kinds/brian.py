"""The kind `brian`: neurons and links given as Brian2 equations."""

from __future__ import annotations

from hrsnn.equations.builder import build_brian
from hrsnn.equations.model import BrianModel
from hrsnn.equations.network import BrianNetwork
from hrsnn.equations.presets import PRESETS
from hrsnn.kinds.contract import Kind

#: Texts of a model that its paper states, each with what it is; those that run only with plasticity are after the others.
_STATED = {
    "equations": "The equations of a neuron are",
    "synapses": "Recurrent links have the further equations",
    "on_pre": "When a spike arrives by a recurrent link of weight $w$,",
    "on_post": "At a spike of a link's target,",
    "input_on_pre": "When an input spike arrives by a link of weight $w$,",
}
_PLASTIC = {
    "plasticity": "Links that learn have the equations",
    "plastic_on_pre": "When a spike arrives by a link that learns,",
    "plastic_on_post": "At a spike of its target,",
}


def of_models(model: BrianModel, plastic: bool) -> str:
    """Return the equations of a model in Markdown, its texts in the syntax of Brian2.

    Parameters
    ----------
    model : BrianModel
    plastic : bool
        Whether plasticity runs.

    Returns
    -------
    str
        Texts as blocks of code, papers as ``[@key]`` with the keys of the bibliography.

    Examples
    --------
    >>> text = of_models(BrianModel(neurons=50), plastic=False)
    >>> "N = 50" in text, "plastic_on_pre" in text
    (True, False)
    """
    inhibitory = 100 * (1 - model.excitatory_fraction)
    rest = f" held for {model.refractory:g} ms" if isinstance(model.refractory, float | int) else f" ({model.refractory})"
    parts = [
        f"The network has $N = {model.neurons}$ neurons, {inhibitory:.3g} % of them inhibitory, given as equations of Brian "
        f"2 [@stimberg-et-al-2019] and integrated by `{model.method}` in steps of {model.dt:g} ms."
    ]
    for name, said in {**_STATED, **(_PLASTIC if plastic else {})}.items():
        if text := getattr(model, name):
            parts += [said, _code(text)]
        if name == "equations":
            parts += [f"A neuron spikes when `{model.threshold}`; then, with a refractory period{rest},", _code(model.reset)]
    drive = f" Analog input sets `{model.drive}`, each value times the gain of the link, held until the next value."
    parts.append(
        "Values are drawn as below, constants of neurons one for each."
        + (drive if model.drive else "")
        + " Every stimulus starts from the same initial values."
    )
    return "\n\n".join(parts)


def _code(text: str) -> str:
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return f"```\n{lines}\n```"


BRIAN = Kind(
    summary="neurons and links by Brian2 equations, such as AdEx, Izhikevich, Hodgkin-Huxley",
    spec=BrianModel,
    build=build_brian,
    load=BrianNetwork.load,
    spaces={"default": {"weight_scale": [0.25, 4.0], "input_scale": [0.25, 4.0]}},
    presets=PRESETS,
    equations=of_models,
)
