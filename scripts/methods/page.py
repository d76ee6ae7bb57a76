"""`methods.md` of an out folder: what ran, for the methods section of a paper."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.files.writing import write_text
from hrsnn.scripts.cli import report
from hrsnn.scripts.methods.protocols import WITHOUT, is_swept, paragraph, paragraph_of_points
from hrsnn.scripts.methods.references import bibtex
from hrsnn.scripts.methods.statistics import statistics

if TYPE_CHECKING:
    from hrsnn.kinds import NetworkSpec
    from hrsnn.scripts.cli.command import BaseCommand
    from hrsnn.scripts.cli.report import Outcome
    from hrsnn.scripts.reports.sweep_report import SweepReport

#: File in an out folder.
NAME = "methods.md"
#: Options that say where a run was made and what is shown of it, not what ran.
_WHERE = frozenset(
    {"out", "json", "quiet", "version", "format", "jobs", "workers", "cluster", "resume", "keep", "storage", "progress"}
)
#: Options that the parameters of the network contain, and that other parts of the page have.
_ELSEWHERE = frozenset({"network", "spec", "preset", "graph", "set_", "neurons", "variant", "seed", "engine"})
_PAPERS = {
    "numpy": "harris-et-al-2020",
    "scipy": "virtanen-et-al-2020",
    "scikit-learn": "pedregosa-et-al-2011",
    "brian2": "stimberg-et-al-2019",
    "numba": "lam-et-al-2015",
    "networkx": "hagberg-et-al-2008",
    "torch": "paszke-et-al-2019",
}
_GRID = re.compile(r"^# (?P<about>.*)\n(?P<name>\w+) = (?P<value>.*)$", re.MULTILINE)


def write_methods(folder: Path, verb: str, options: BaseCommand, outcome: Outcome) -> None:
    """Write ``methods.md`` into an out folder, for a command that runs an experiment.

    Raises
    ------
    FileError
        When it cannot be written.
    """
    if verb not in WITHOUT and folder.is_dir():
        write_text(folder / NAME, methods(verb, options, outcome))


def methods(verb: str, options: BaseCommand, outcome: Outcome) -> str:
    """Return the page: the same for the same options, wherever and with however many processes they ran.

    Parameters
    ----------
    verb : str
        Command.
    options : BaseCommand
    outcome : Outcome
        What it found; `spec`, where it has one, is the specification of its networks.

    Returns
    -------
    str
        Markdown, with formulas between dollar signs and citations as Pandoc reads them.
    """
    found = outcome.metrics()
    spec: NetworkSpec | None = getattr(outcome, "spec", None)
    chosen = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    values = {**chosen, **found, **({"fresh_seeds": chosen["fresh"]} if found.get("fresh") else {})}
    points: SweepReport | None = outcome if verb == "sweep" else None  # type: ignore[assignment]
    if points is not None:  # its own options say what was swept, those of its command how
        chosen = {**_without(chosen, ("command", "rest")), **_without(points.options, points.swept)}
        values |= {name: value for name, value in points.values_of_points().items() if name in ("plastic", "engine")}
    text = "\n\n".join(
        part
        for part in (
            "# Methods",
            "Written from what ran. Formulas are in LaTeX, citations in the form of Pandoc, with their BibTeX at the end.",
            *_model(verb if points is None else points.command, spec, values),
            "## Protocol",
            paragraph(verb, values) or f"The command `{verb}`: {(type(options).__doc__ or '').splitlines()[0]}",
            "" if points is None else paragraph_of_points(points.command, points.values_of_points()),
            "## Statistics",
            statistics(found),
            "## Random numbers",
            _seeds(found),
            "## Software",
            _software(found.get("versions") or report.versions()),
            "## Options",
            _table(("option", "value"), _options(chosen)),
            *_parameters(spec),
        )
        if part
    )
    return f"{text}\n\n## References\n\n```bibtex\n{bibtex(text)}\n```\n"


def _without(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _model(verb: str, spec: NetworkSpec | None, values: Mapping[str, Any]) -> Iterator[str]:
    if spec is None:
        return
    from hrsnn.kinds import KINDS

    kind = KINDS.find(spec.kind)
    yield "## Model"
    plastic = bool(values.get("plastic", verb == "variants"))
    yield (
        f"Networks are of the kind `{spec.kind}`: {kind.summary}."
        if kind.equations is None
        else kind.equations(spec, plastic)
    )
    engine, step = values.get("engine", "auto"), getattr(spec, "dt", None)
    if not isinstance(engine, str) or engine == "auto":  # of a demonstration, the comparison of two
        from hrsnn.engines import best

        engine = best(spec.kind, {"plasticity"} if plastic else ())
    yield _engine(engine, step)


def _engine(name: str, step: float | None) -> str:
    grid = "" if step is None else f", in steps of {step:g} ms"
    if is_swept(name):
        return f"Networks were simulated by each of the engines of the sweep{grid}."
    if name == "exact":
        return "Networks were simulated event by event, without a time grid (engine `exact`)."
    if name == "compiled":
        grid = f", which gives the spikes of Brian 2 [@stimberg-et-al-2019]{grid}"
    return f"Networks were simulated by the engine `{name}`{grid}."


def _seeds(found: Mapping[str, Any]) -> str:
    seeds = found.get("seeds")
    which = f"{seeds[0]} to {seeds[-1]}" if isinstance(seeds, list | tuple) and len(seeds) > 1 else found.get("seed", 0)
    return (
        f"Seeds: {which}. Every part of a run (positions, links, each parameter, data, background) draws from a "
        f"stream of its own, "
        "spawned from the seed by NumPy's `SeedSequence`; results do not depend on the number of processes."
    )


def _software(versions: Mapping[str, str]) -> str:
    shown = (f"{name} {version}" + (f" [@{_PAPERS[name]}]" if name in _PAPERS else "") for name, version in versions.items())
    return ", ".join(shown) + "."


def _options(chosen: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in chosen.items():
        # paths are those of one machine
        if name in _WHERE or name in _ELSEWHERE or isinstance(value, Path) or value is None or value == ():
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        yield f"`--{name.rstrip('_').replace('_', '-')}`", shown


def _parameters(spec: NetworkSpec | None) -> Iterator[str]:
    if spec is None:
        return
    yield "## Parameters of the network"
    rows = ((f"`{one['name']}`", f"`{one['value']}`", one["about"]) for one in _GRID.finditer(spec.to_toml(comments=True)))
    yield _table(("parameter", "value", "meaning (unit)"), rows)


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if not lines:
        return "All options have their defaults."
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines])
