"""The equations of the kinds of networks as a paper states them, for the methods of an out folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrsnn.balanced import BalancedSpec
    from hrsnn.connectivity.topologies import Topology
    from hrsnn.spec import ReservoirSpec


_EXACT = "Between spikes the linear equations are solved exactly."


def of_reservoirs(spec: ReservoirSpec, plastic: bool) -> str:
    r"""Return the equations of a reservoir in Markdown, with those parts of the model that are switched on.

    Parameters
    ----------
    spec : ReservoirSpec
    plastic : bool
        Whether STDP runs.

    Returns
    -------
    str
        Formulas between dollar signs, papers as ``[@key]`` with the keys of the bibliography.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> text = of_reservoirs(ReservoirSpec(neurons=50), plastic=False)
    >>> "N = 50" in text, "A_+" in text
    (True, False)
    """
    inhibitory = 1 - spec.excitatory_fraction
    adapts = _some(spec.adaptation)
    signs = f"{100 * inhibitory:.3g} % of them inhibitory"
    if spec.graph is not None:
        signs = f"excitatory or inhibitory as the types and the signs in the file say, and where it has none {signs}"
    parts = [
        f"The network has $N = {spec.neurons}$ leaky integrate-and-fire neurons, {signs}, "
        "with exponential synaptic currents [@maass-et-al-2002; @chakraborty-mukhopadhyay-2024]. Currents are written as "
        "voltages, with the membrane resistance folded in:",
        r"$$\tau_{m,i}\,\dot v_i = v_\mathrm{rest} - v_i + I_{\mathrm{exc},i} + I_{\mathrm{inh},i} + I_\mathrm{bias}"
        + (" - a_i" if adapts else "")
        + r" + I_{\mathrm{ext},i}(t), \qquad"
        r" \tau_\mathrm{exc}\,\dot I_{\mathrm{exc},i} = -I_{\mathrm{exc},i}, \qquad"
        r" \tau_\mathrm{inh}\,\dot I_{\mathrm{inh},i} = -I_{\mathrm{inh},i}.$$",
        r"When $v_i$ exceeds the threshold $v_\mathrm{th}$ the neuron spikes, and $v_i$ is held at "
        r"$v_\mathrm{reset}$ for the "
        r"refractory period. A spike of an excitatory neuron or of an input channel adds the weight of the link to "
        r"$I_\mathrm{exc}$ of its target, a spike of an inhibitory neuron subtracts it from $I_\mathrm{inh}$; "
        r"weights are never "
        r"negative. Analog input is a drive $I_\mathrm{ext}$, each value times the gain of the link, held until the "
        r"next value. "
        rf"Every stimulus starts without currents, at $v = v_\mathrm{{start}}$. {_EXACT}",
        _links(spec),
        _delays(spec),
    ]
    if adapts:
        parts.append(
            r"A neuron's own spikes lower its drive: $\tau_a\,\dot a_i = -a_i$, and $a_i \leftarrow a_i + b$ at a "
            r"spike of neuron "
            r"$i$."
        )
    if spec.short_term_plasticity:
        parts.append(
            r"Recurrent links depress and facilitate [@markram-et-al-1998]: at a spike that comes a time $t$ after "
            r"the previous "
            r"one, $u \leftarrow U + u(1 - U)e^{-t/F}$ and $R \leftarrow 1 + (R - uR - 1)e^{-t/D}$ with the $u$ "
            r"before it, and "
            r"the link acts with $w u R/U$."
        )
    if spec.clusters > 1:
        parts.append(
            f"The neurons are split into {spec.clusters} clusters whose mean $\\tau_m$ is spaced logarithmically, "
            f"that of the "
            f"slowest {spec.cluster_spread:g} times that of the fastest; {100 * spec.inter_cluster_share:g} % of the "
            f"links lead "
            "to another cluster."
        )
    if _some(spec.background_rate):
        kind = "that repeat at every stimulus" if spec.background_frozen else "that never repeat"
        parts.append(f"Each neuron receives Poisson spikes {kind} (`background_rate`).")
    if plastic:
        parts.append(_plasticity(spec))
    means = [
        name
        for name, switch in (
            ("parameters of neurons", spec.heterogeneous_neurons),
            ("constants of plasticity", spec.heterogeneous_synapses),
            ("delays", spec.heterogeneous_delays),
            ("thresholds", spec.heterogeneous_thresholds),
        )
        if not switch
    ]
    if means:
        parts.append(f"All {' and '.join(means)} were set to the means of their distributions.")
    return "\n\n".join(parts)


#: How weights of a file become mV, by ``graph_weights``.
_RULES = {
    "linear": "scaled to the mean of those drawn",
    "log": "replaced by $\\log(1 + w)$ and scaled to the mean of those drawn",
    "rank": "replaced by those drawn, the largest by the largest",
}


def _links(spec: ReservoirSpec) -> str:
    law = (
        r"$P = C\,e^{-(D/\lambda)^2}$, with $D$ the distance of the neurons on a grid of spacing 1, $\lambda$ "
        f"= {spec.length_scale:g} and $C$ by the types of source and target"
    )
    if spec.graph is not None:
        return (
            "Recurrent links are those of a given file, with the values of neurons and links that it has, such as weights "
            f"and delays; weights without a unit were {_RULES[spec.graph_weights]}. Values that it lacks were drawn "
            "as described here, weights by the types of source and target, multiplied by $W_\\mathrm{scale}$."
        )
    if spec.topology is not None:
        drawn = f"Recurrent links are those of a random graph, NetworkX's {_with_arguments(spec.topology)}."
    elif spec.connectivity == "in_degree":
        drawn = (
            f"Each neuron has links from {spec.in_degree_exc} excitatory and {spec.in_degree_inh} inhibitory "
            f"neurons, drawn with probabilities proportional to {law}."
        )
    elif spec.connectivity == "distance":
        drawn = f"Recurrent links were drawn independently with probability {law}."
    else:
        drawn = f"Every pair of neurons was linked with probability {spec.connection_probability:g}."
    return f"{drawn} Weights were drawn by the types of source and target, and multiplied by $W_\\mathrm{{scale}}$."


def _with_arguments(topology: Topology) -> str:
    arguments = ", ".join(f"{name} = {value}" for name, value in topology.arguments)
    return f"`{topology.function}`" + (f" with {arguments}" if arguments else "")


def _delays(spec: ReservoirSpec) -> str:
    drawn = _drawn_delays(spec)
    return (
        drawn if spec.graph is None else f"Delays are those of the file. Where it has none: {drawn[:1].lower()}{drawn[1:]}"
    )


def _drawn_delays(spec: ReservoirSpec) -> str:
    of_links = [getattr(spec, f"delay_{pair}") for pair in ("ee", "ei", "ie", "ii")]
    if spec.delay_speed is not None:
        return "The delay of a link is its length over a conduction speed (`delay_speed`)."
    if any(one is not None for one in of_links):
        return "Each recurrent link has a delay of its own, drawn by the types of its source and its target."
    if spec.graph is None and not (_some(spec.delay_exc) or _some(spec.delay_inh)):
        return "Recurrent spikes act on their targets at the next time step."
    return "Each neuron has one axonal delay, the same for all its links."


def _some(delay: object) -> bool:
    return getattr(delay, "value", delay) not in (0, 0.0, None)


def _plasticity(spec: ReservoirSpec) -> str:
    pairs = "independently" if spec.stdp_pairing == "independent" else "such that potentiation and depression rise together"
    kept = (
        " After each stimulus the sums of a neuron's excitatory, inhibitory and input weights were restored."
        * spec.homeostasis
    )
    return (
        r"Input and recurrent links changed by pair-based spike-timing-dependent plasticity: at a presynaptic spike "
        r"$T_\mathrm{pre} \leftarrow T_\mathrm{pre} + 1$ and $w \leftarrow w - A_- T_\mathrm{post}$, at a "
        r"postsynaptic spike "
        r"$T_\mathrm{post} \leftarrow T_\mathrm{post} + 1$ and $w \leftarrow w + A_+ T_\mathrm{pre}$, within "
        r"$[0, w_\mathrm{max}]$, where the traces decay with $\tau_+$ and $\tau_-$. Each synapse has four constants "
        r"of its own, "
        f"drawn {pairs}.{kept}"
    )


def of_balanced(spec: BalancedSpec, plastic: bool) -> str:
    """Return the equations of a balanced network in Markdown.

    Parameters
    ----------
    spec : BalancedSpec
    plastic : bool
        Has no effect: weights are fixed.

    Returns
    -------
    str
        As of :func:`of_reservoirs`.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec
    >>> "N = 400" in of_balanced(BalancedSpec(neurons=400), plastic=False)
    True
    """
    by_channels = spec.system == "inputs" and spec.dimensions == "auto"
    states = "as many states as there are input channels" if by_channels else f"$J = {spec.states}$ states"
    return "\n\n".join(
        [
            f"A tightly balanced network of $N = {spec.neurons}$ integrate-and-fire neurons follows a linear system of "
            f"{states} (`{spec.system}`), $\\dot x = A x + B u$ [@boerlin-et-al-2013]. Spikes $o$, filtered "
            r"with the leak $\lambda$, $\dot r = -\lambda r + o$, are decoded to the estimate $z = \Gamma r$, with "
            f"decoders of length {spec.decoder_norm}. The potentials are",
            r"$$\dot V = -\lambda V + \Gamma^\top B u + \Gamma^\top (A + \lambda I)\Gamma\, r - (\Gamma^\top \Gamma + "
            r"\mu\lambda^2 I)\, o,$$",
            r"and a neuron spikes above $\theta_i = (|\Gamma_i|^2 + \nu\lambda + \mu\lambda^2)/2$; in a time step at "
            r"most one, "
            "the one that is furthest above its threshold. Weights have either sign. "
            + (
                "The lag of the coding error was not compensated."
                if spec.lag == 0
                else r"The lag of the coding error was compensated in $A$ and $B$."
            )
            + f" {_EXACT}",
        ]
    )
