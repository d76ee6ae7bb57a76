"""`methods.md` of an out folder: what ran, with references that exist."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from hrsnn import ReservoirSpec, scripts
from hrsnn.balanced import BalancedSpec
from hrsnn.errors import InputError
from hrsnn.kinds import KINDS
from hrsnn.scripts.methods import references
from hrsnn.scripts.methods.page import methods
from hrsnn.scripts.methods.protocols import WITHOUT, paragraph, paragraph_of_points, protocols, swept_value
from hrsnn.scripts.methods.statistics import statistics


def test_every_command_that_runs_something_has_a_paragraph() -> None:
    assert set(protocols()) == set(scripts.COMMANDS) - set(WITHOUT)


def test_references_are_those_of_the_bibliography(root: Path) -> None:
    bibliography = (root / "docs" / "bibliography.md").read_text()
    entries = dict(re.findall(r'<a id="([^"]+)"></a>(.*?)(?=^- <a id=|\Z)', bibliography, re.DOTALL | re.MULTILINE))
    for key, entry in references.entries().items():
        said = " ".join(entries[key].split()).replace("%28", "(").replace("%29", ")")
        fields = dict(re.findall(r"(\w+) = \{((?:[^{}]|\{[^{}]*\})*)\}", entry))
        title = re.sub(r"[{}]", "", fields["title"])
        assert title.lower() in said.lower(), key
        assert fields["year"] in said, key
        for field in ("doi", "eprint", "volume"):
            assert fields.get(field, "") in said, (key, field)


def test_what_is_cited_has_an_entry() -> None:
    specs: list[Any] = [
        ReservoirSpec(neurons=20, adaptation=1, clusters=4, short_term_plasticity=True, background_rate=5),
        BalancedSpec(neurons=50),
    ]
    texts = [*protocols().values(), *(KINDS.find(spec.kind).equations(spec, True) for spec in specs)]  # type: ignore[misc]
    texts += [statistics({"claims": [1], "difference": {}, "fresh": {"best": [1.0, 2.0]}, "importance": {}})]
    for text in texts:
        assert references.bibtex(text).count("\n@") == max(len(references.cited(text)) - 1, 0)
    with pytest.raises(InputError, match="citation"):
        references.bibtex("[@nobody-1900]")


@pytest.mark.parametrize(
    ("changes", "there", "not_there"),
    [
        ({}, ["2 excitatory and 2 inhibitory", "one axonal delay"], ["T_\\mathrm{pre}", "a_i", "e^{-t/F}"]),
        ({"adaptation": 2}, ["- a_i", "\\tau_a"], ["e^{-t/F}"]),
        ({"short_term_plasticity": True}, ["e^{-t/F}"], ["a_i"]),
        ({"connectivity": "random", "delay_exc": 0, "delay_inh": 0}, ["probability 0.05", "next time step"], ["axonal"]),
        ({"connectivity": "distance", "delay_speed": 2}, ["drawn independently", "conduction speed"], ["axonal"]),
        ({"heterogeneous_thresholds": False}, ["thresholds were set to the means"], []),
        (
            {"graph": "net.npz"},
            ["those of a given file", "Delays are those of the file. Where it has none: each neuron"],
            [],
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "watts_strogatz_graph", "k": 4, "p": 0.1}},
            ["NetworkX's `watts_strogatz_graph` with k = 4, p = 0.1"],
            ["probability"],
        ),
    ],
)
def test_equations_have_what_the_network_has(changes: dict[str, Any], there: list[str], not_there: list[str]) -> None:
    equations = KINDS.find("reservoir").equations
    assert equations is not None
    text = equations(ReservoirSpec(neurons=20, **changes), False)
    assert [words for words in there if words not in text] == []
    assert [words for words in not_there if words in text] == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"seed": 1}, "single run"),
        ({"seeds": [0, 1, 2], "interval": {"what": "Student's"}}, "means over 3 seeds, with intervals: Student's"),
        ({"interval": {"memory_capacity_v": [1, 2]}}, "`memory_capacity_v` is a moving-block bootstrap"),
        ({"seeds": [0, 1], "claims": [{}]}, "Holm's correction"),
        ({"fresh": {"best": [1.0, 2.0]}}, "compared in 2 pairs of equal seed"),
    ],
)
def test_statistics_are_those_of_the_numbers(found: dict[str, Any], said: str) -> None:
    assert said in statistics(found)


def test_a_paragraph_says_what_ran() -> None:
    values = {"task": "digits", "train_samples": 40, "test_samples": 20, "plastic": False, "readout": "ridge"}
    values |= {"states": "final", "baselines": {"accuracy": {"raw_input": 0.9, "no_recurrence": 0.8}}}
    text = paragraph("classify", values)
    for words in (
        "`digits` were classified (40 for training",
        "Plasticity was off",
        "ridge regression",
        "at the end of a sample",
    ):
        assert words in text
    assert "`no_recurrence`, the same neurons" in text
    assert "echo state network" not in text  # did not run


@pytest.mark.parametrize(
    "verb", ["classify", "forecast", "memory", "rank", "capacity", "map", "lyapunov", "measure", "balance"]
)
def test_what_is_swept_or_not_known_is_named(verb: str) -> None:
    options = scripts.find(verb)
    fields = [one.name for one in dataclasses.fields(options)]
    for swept in (*fields, "nothing"):
        text = paragraph_of_points(verb, {swept: swept_value(swept)})
        assert "``" not in text
        assert text.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("verb", "option", "said"),
    [
        ("classify", "readout", "a swept `readout` was trained"),
        ("prune", "method", "by the method swept `method`,"),
        ("prune", "synapse_target", "a share (swept `synapse_target`) of them in"),
        ("capacity", "delays", "up to degree swept `delays`"),
    ],
)
def test_swept_phrases_are_named(verb: str, option: str, said: str) -> None:
    assert said in paragraph_of_points(verb, {option: swept_value(option)})


def test_the_page_does_not_depend_on_where_and_how_it_ran(tmp_path: Path) -> None:
    options = scripts.find("memory")(neurons=30, values=600, max_delay=5, seeds=2, quiet=True)  # type: ignore[call-arg]
    outcome = options.carry_out()
    page = methods("memory", options, outcome)
    elsewhere = dataclasses.replace(options, jobs=2, format="pdf", out=tmp_path, json=True)  # type: ignore[call-arg]
    assert methods("memory", elsewhere, outcome) == page
    for said in ("Seeds: 0 to 1.", "600 random values", "| `--max-delay` | 5 |", "| `tau_exc` | `3.0` |", "@article{harris"):
        assert said in page
    protocol = page.partition("## Protocol")[2].partition("## Statistics")[0]
    assert not re.search(r"\{_?[a-z]+\}", protocol)  # every name was filled in
