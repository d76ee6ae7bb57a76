"""``hrsnn list``: every name that an option or a function takes, those of installed packages too."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.analysis.studies.objectives import OBJECTIVES
from hrsnn.deep.models import MODELS
from hrsnn.deep.neurons import NEURONS, Neuron
from hrsnn.engines import ENGINES
from hrsnn.errors import InputError
from hrsnn.files.writing import write_json
from hrsnn.kinds import KINDS
from hrsnn.kinds.contract import Kind
from hrsnn.networks.methods.contract import Method
from hrsnn.networks.methods.registry import METHODS
from hrsnn.runtime.registry import Registry
from hrsnn.scripts.cli.command import BaseCommand, execute
from hrsnn.scripts.cli.report import fill_folder, versions
from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.tasks import TASKS

if TYPE_CHECKING:
    from hrsnn.training.models import Model


def _settings(method: Method) -> str:
    # the class is a dataclass, which its declaration checks
    fields: Any = dataclasses.fields(method.method)  # type: ignore[arg-type]
    shown = ", ".join(f"{one.name}={one.default}" for one in fields if one.default is not dataclasses.MISSING)
    return f"{method.summary} ({shown})" if shown else method.summary


def _kind(kind: Kind) -> str:
    names = {"presets": kind.presets, "spaces": kind.spaces}
    shown = "; ".join(f"{what}: {', '.join(some)}" for what, some in names.items() if some)
    return f"{kind.summary} ({shown})" if shown else kind.summary


def _parabola(neuron: Neuron) -> str:
    return f"u = {neuron.a:g} v^2 + {neuron.b:g} v + {neuron.c:g} + x, of deep networks"


def _plain(axis: str) -> str:
    """Return the label of an axis without its mathematical notation: "lambda_1"."""
    return axis.replace("$", "").replace("\\", "")


def _model(model: Model) -> str:
    changes = "".join(f", {name} = {value}" for name, value in model.changes.items())
    return f"{model.description} ({model.variant}{changes}; learns {', '.join(model.learn)})"


def _variants() -> Registry[Any]:
    from hrsnn.training.models import MODELS as VARIANTS

    return VARIANTS


def _surrogates() -> Registry[Any]:
    from hrsnn.training.surrogates import SURROGATES

    return SURROGATES


@dataclass(frozen=True)
class Group:
    """Names of one registry."""

    registry: Callable[[], Registry[Any]]
    #: Description of an entry.
    described: Callable[[Any], str]
    #: What is said where PyTorch, without which the registry cannot be read, is not installed.
    without_torch: str = ""

    @property
    def missing(self) -> bool:
        """Whether the registry cannot be read."""
        return bool(self.without_torch) and find_spec("torch") is None


_NEEDS = "needs the extra torch: pip install 'hrsnn[torch]'"
#: Group to its registry, and the description of an entry.
GROUPS: Mapping[str, Group] = {
    "engines": Group(lambda: ENGINES, lambda engine: engine.description),
    "kinds": Group(lambda: KINDS, _kind),
    "tasks": Group(lambda: TASKS, lambda task: f"{task.summary} ({task.kind})"),
    "methods": Group(lambda: METHODS, _settings),
    "scores": Group(
        lambda: SCORES,
        lambda score: f"{_plain(score.axis)}; {', '.join(score.kinds) if score.function else 'only reported'}",
    ),
    "objectives": Group(lambda: OBJECTIVES, lambda objective: f"{objective.summary} ({objective.direction})"),
    "models": Group(lambda: MODELS, lambda model: model.summary),
    "neurons": Group(lambda: NEURONS, _parabola),
    "variants": Group(_variants, _model, _NEEDS),
    "surrogates": Group(_surrogates, lambda surrogate: surrogate.formula, _NEEDS),
    "recipes": Group(lambda: RECIPES, lambda recipe: f"{recipe.item} of {recipe.paper}: {recipe.title}"),
}


@dataclass(frozen=True)
class Names:
    """Names with their descriptions, by group."""

    groups: Mapping[str, Mapping[str, str]]

    @property
    def text(self) -> str:
        """Readable text."""
        width = max((len(name) for names in self.groups.values() for name in names), default=0)
        lines: list[str] = []
        for group, names in self.groups.items():
            rows = [f"  {name:{width}s}  {description}" for name, description in names.items()]
            lines += [group, *(rows or [f"  {GROUPS[group].without_torch}"])]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        return {**self.groups, "versions": versions()}

    def write(self, folder: Path) -> str:
        """Write ``metrics.json`` into `folder`, and return the text with the location."""
        with fill_folder(folder) as inside:
            write_json(inside / "metrics.json", self.metrics())
        return f"{self.text}\nwritten to {folder}"


@dataclass(frozen=True, kw_only=True)
class List(BaseCommand):
    """List the names of engines, kinds, tasks, pruning methods, scores, objectives, models, surrogates and recipes."""

    group: Annotated[
        tyro.conf.Positional[str], tyro.conf.arg(help_behavior_hint=f"(default: all; one of {', '.join(GROUPS)})")
    ] = ""
    """Which of them."""

    def run(self) -> Names:
        """Return the names."""
        if self.group and self.group not in GROUPS:
            raise InputError("group", self.group, f"must be one of {', '.join(GROUPS)}")
        chosen = [self.group] if self.group else list(GROUPS)
        found = {}
        for group in chosen:
            named = GROUPS[group]
            entries = {} if named.missing else named.registry().loadable()
            found[group] = {name: named.described(entry) for name, entry in entries.items()}
        return Names(found)


if __name__ == "__main__":
    sys.exit(execute(List))
