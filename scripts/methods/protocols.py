"""What each command does, in the words of a paper: a paragraph for each, filled with what ran."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hrsnn.files.parsing import parsed_toml

#: Beginning of the phrase for a swept value.
_SWEPT = "swept "
_FILE = Path(__file__).with_name("protocols.toml")
#: Commands that run no experiment, and leave no ``methods.md``.
WITHOUT = ("spec", "engines", "tasks", "fetch", "list", "report", "predict", "collect", "doctor")
_FIXED = {
    "_ridge": "by ridge regression, with the penalty chosen on a validation part of the training data",
    "_filtered": "the exponentially filtered spikes of the neurons",
}
#: Phrases by the value of an option: of the same name without the underscore.
_PHRASES: Mapping[str, Mapping[Any, str]] = {
    "_plastic": {
        True: "Spike-timing-dependent plasticity ran once over the training samples, without labels.",
        False: "Plasticity was off.",
    },
    "_readout": {
        "logistic": "logistic regression",
        "ridge": "ridge regression",
        "sampled": "small network on the 10 % of the neurons with the highest betweenness",
    },
    "_states": {
        "windows": "the square roots of the spike counts of each neuron in five equal windows of a sample",
        "total": "the square root of the spike count of each neuron over a sample",
        "final": "the exponentially filtered spikes of each neuron at the end of a sample",
    },
    "_drive": {"values": "The input were random numbers held for 20 ms.", "none": "There was no input."},
    "_match": {
        "none": "Variants were compared as drawn.",
        "psp": "Weights were scaled such that postsynaptic potentials do not depend on the membrane time constant.",
        "best": "Heterogeneous variants were compared with the best of three homogeneous twins, whose rates were matched "
        "by the input, the bias or the recurrent weights.",
    },
    "_method": {"bptt": "back-propagation through time", "eprop": "e-prop"},
}
#: What is multiplied until a network has a rate.
_MULTIPLIED = {"weights": "recurrent weights", "input": "weights and gains of the input"}
_NULL = "networks whose links have other targets at random [@maslov-sneppen-2002], with"
_DEGREES = "as many links to and from each neuron"
#: What each baseline is, by its name in ``metrics.json``.
_BASELINES = {
    "no_recurrence": "the same neurons with the same input, without recurrent links",
    "delay_bank": "the same neurons without recurrent links, with such delays on the input links, and with input weights "
    "rescaled to the same mean rate",
    "raw_input": "a linear model of the raw input",
    "encoder_counts": "the same readout of the spike counts of the input",
    "encoder_means": "the same readout of the mean currents of the input",
    "echo_state_network": "an echo state network of as many units [@jaeger-2001a]",
    "last_value": "the last value",
    "linear_autoregression": "a linear autoregression",
    "input_counts": "the spike counts of the input",
    "input_spikes": "the spikes of the input",
    "ideal_system": "the linear system that the network follows",
    "null_degree": f"{_NULL} {_DEGREES}",
    "null_sign": f"{_NULL} {_DEGREES}, of either sign",
    "null_distance": f"{_NULL} {_DEGREES}, of either sign, and links of the same lengths [@betzel-bassett-2018]",
    "readout_only": "the network with a trained readout alone",
    "gru": "gated recurrent units of at most as many parameters",
}


def swept_value(name: str) -> str:
    """Return the phrase for an option whose values differ between the points of a sweep.

    Examples
    --------
    >>> swept_value("max_delay")
    'swept `max_delay`'
    """
    return f"{_SWEPT}`{name}`"


@functools.cache
def protocols() -> Mapping[str, str]:
    """Return the paragraphs by command: names of options and of the content of ``metrics.json`` stand between braces."""
    return {verb: str(text) for verb, text in parsed_toml(_FILE.read_text(encoding="utf-8")).items()}


def paragraph(verb: str, values: Mapping[str, Any]) -> str:
    """Return the paragraph of a command.

    Parameters
    ----------
    verb : str
        Command.
    values : mapping
        Its options and the content of ``metrics.json``, by name.

    Returns
    -------
    str
        Empty for a command that has none.

    Raises
    ------
    KeyError
        When the paragraph has a name that is not among the values.

    Examples
    --------
    >>> paragraph("deep measure", {})
    'A trained deep spiking network was measured on the test part of its task.'
    """
    return _filled(verb, values, {})


def paragraph_of_points(verb: str, values: Mapping[str, Any]) -> str:
    """Return the paragraph of a command that a sweep carried out; what is not known of its points is named instead.

    Examples
    --------
    >>> paragraph_of_points("rank", {"task": "digits", "stimuli": swept_value("stimuli")})[:50]
    'swept `stimuli` samples of the task `digits` were '
    """
    # where a name stands between backticks in the paragraph, those of the phrase are one pair too many
    return re.sub(r"`(swept )?`(\w+)``", r"\1`\2`", _filled(verb, values, _Named()))


class _Named(dict[str, str]):
    """Phrases for names that are missing."""

    def __missing__(self, name: str) -> str:
        return f"`{name}`"


def _filled(verb: str, values: Mapping[str, Any], words: dict[str, str]) -> str:
    words.update({name: _spoken(value) for name, value in values.items()})
    words.update(_FIXED)
    for name, phrases in _PHRASES.items():
        value = values.get(name[1:])
        words[name] = str(value) if is_swept(value) else phrases.get(_plain(value), "")
    words.update(_sentences(values))
    return " ".join(protocols().get(verb, "").format_map(words).split())


def is_swept(value: Any) -> bool:
    """Return whether a value is the phrase of :func:`swept_value`.

    Examples
    --------
    >>> is_swept(swept_value("engine")), is_swept("auto")
    (True, False)
    """
    return isinstance(value, str) and value.startswith(_SWEPT)


def _plain(value: Any) -> Any:
    """Return a value that phrases are chosen by: numbers and text, since no other can be a key."""
    return value if isinstance(value, str | bool) else None


def _spoken(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_spoken, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sentences(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the sentences that depend on more than one value."""
    fresh = values.get("fresh_seeds")
    methods = values.get("methods") or (values.get("method", ""),)
    methods = (methods,) if isinstance(methods, str) else methods
    delays, share = values.get("delays", ()), values.get("synapse_target", 0)
    count, rate = values.get("count", 0), values.get("rate")
    named = {label: _BASELINES[label] for label in _labels(values.get("baselines", {})) if label in _BASELINES}
    loop = (
        f"From each of {values.get('starts')} starts in the test part the forecasts were fed back as input, and the valid "
        "time is the time until the error first exceeds a threshold."
        if values.get("closed_loop")
        else "Errors are root mean squares in units of the standard deviation of the training part (NRMSE)."
    )
    return {
        "_baselines": f"Baselines: {'; '.join(f'`{label}`, {what}' for label, what in named.items())}." if named else "",
        "_loop": loop,
        "_degrees": delays if isinstance(delays, str) else str(len(delays)),
        "_fresh": f"The best point was compared with the default on {fresh} seeds that the search had not used."
        if fresh
        else "",
        "_matched": f"All {_MULTIPLIED.get(_plain(values.get('match')), '')} were multiplied by one factor, for {rate:g} Hz."
        if isinstance(rate, float)
        else "",
        "_methods": ", ".join(one if is_swept(one) else f"`{one}`" for one in methods),
        "_percent": f"a share ({share})" if isinstance(share, str) else f"{100 * float(share):g} %",
        "_points": f"{count} point{'' if count == 1 else 's'}",
    }


def _labels(baselines: Any) -> Iterator[str]:
    """Yield the names of baselines, each once, from scores by name of baselines by name."""
    if isinstance(baselines, Mapping):
        groups = [one for one in baselines.values() if isinstance(one, Mapping)]
        yield from dict.fromkeys(name for group in groups for name in group)
