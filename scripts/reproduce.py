"""``hrsnn reproduce``: a table or figure of a paper, made by one command."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import HrsnnError, InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand, execute
from hrsnn.scripts.cli.report import Outcome
from hrsnn.scripts.cli.settings import settings_of
from hrsnn.scripts.recipes.claims import PublishedClaim, counted, read_claims
from hrsnn.scripts.recipes.contract import Recipe, RecipeOptions
from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.scripts.reports.recipe_report import RecipeReport
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from hrsnn.kinds import Kind, NetworkSpec

_LIST = "list"
#: What to say of an extra that is not installed.
_EXTRAS = {"torch": "PyTorch: pip install 'hrsnn[torch]'"}


def recipe_names(default: str) -> str:
    """Return the names of the recipes, those of installed packages too, as a hint in ``--help``."""
    return f"(default: {default}; one of {', '.join(RECIPES)})"


@dataclass(frozen=True)
class RecipeList:
    """Recipes, and the claims of the papers where they are asked for."""

    recipes: dict[str, Recipe]
    claims: Sequence[PublishedClaim]

    @property
    def text(self) -> str:
        """Readable text."""
        lines = []
        for name, recipe in self.recipes.items():
            lines.append(f"{name:14s}{recipe.item} of {recipe.paper}: {recipe.title}")
            lines.append(f"{'':14s}{_data(recipe)}; {recipe.duration or 'duration not known'}")
            options = " ".join(f"{option}={_toml(value)}" for option, value in recipe.options.items())
            lines += [f"{'':14s}--option {options}"] if options else []
        if self.claims:
            lines += ["", counted(self.claims)]
            for claim in self.claims:
                lines.append(f"{claim.verdict:14s}{claim.id} ({claim.paper}, {claim.where}): {claim.claim}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        shown = (
            "title",
            "paper",
            "item",
            "claims",
            "needs",
            "uses",
            "extra",
            "duration",
            "options",
            "network",
            "spec",
            "seeds",
        )
        found: dict[str, Any] = {"recipes": {k: {one: getattr(v, one) for one in shown} for k, v in self.recipes.items()}}
        if self.claims:
            found["claims"] = [vars(claim) for claim in self.claims]
        return found | {"versions": report.versions()}

    def write(self, path: Path, /) -> str:
        """Write nothing: the command refuses --out."""
        return self.text


@dataclass(frozen=True, kw_only=True)
class Reproduce(ParallelCommand):
    """Reproduce a table or figure of a paper: measured beside published values, with a verdict on each claim."""

    any_network: ClassVar[bool] = True  # of the kind of the recipe

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RECIPE", help_behavior_hint=recipe_names)] = _LIST
    """Recipe, or list to list all."""

    seeds: Annotated[int | None, tyro.conf.arg(metavar="K", help_behavior_hint="(default: as the recipe says)")] = None
    """Number of seeds, starting from --seed: methods are compared within a seed."""

    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Option of the recipe, such as iterations=100; the list shows all with their defaults."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(for recipes with data)")] = None
    """Data of a recipe that needs or takes some."""

    claims: Flag = False
    """With list: show the claims of the papers with their verdicts too."""

    def check(self) -> None:
        """Raise an error for an unknown recipe, or an option that would have no effect, before anything else."""
        if self.name == _LIST:
            given = {"--out": self.out, "--option": self.option, "--path": self.path, "--seeds": self.seeds}
            for option, value in given.items():
                if value:
                    raise InputError(
                        option, value if isinstance(value, int) else str(value), "is for a recipe, not the list"
                    )
        else:
            recipe = RECIPES.find(self.name)
            if self.claims:
                raise InputError("--claims", True, "is for hrsnn reproduce list")
            if recipe.needs and self.path is None:
                raise InputError("--path", None, f"recipe {self.name!r} needs {recipe.needs}")
            if self.path is not None and not (recipe.needs or recipe.uses):
                raise InputError("--path", str(self.path), f"recipe {self.name!r} needs no data")
            if not recipe.network:
                self.refuse_network_options(f"has no effect: recipe {self.name!r} has networks of its own")
            if not recipe.seeds:
                jobs = None if self.jobs == 1 else self.jobs
                unused = {"--seeds": self.seeds, "--seed": self.seed or None, "--jobs": jobs, "--cluster": self.cluster}
                for option, chosen in unused.items():
                    if chosen is not None:
                        raise InputError(option, chosen, f"has no effect: recipe {self.name!r} counts, without any run")
            if recipe.extra and find_spec(recipe.extra) is None:
                raise HrsnnError(f"recipe {self.name!r} needs {_EXTRAS.get(recipe.extra, recipe.extra)}")
        super().check()

    def network_spec(self) -> NetworkSpec:
        """Return the network of the recipe, changed by the command line; it is of the recipe's kind."""
        kind = "reservoir" if self.name == _LIST else RECIPES.find(self.name).network or "reservoir"
        if self.network not in ("reservoir", kind):
            reason = "which takes reservoirs only" if kind == "reservoir" else f"whose networks are of the kind {kind}"
            raise InputError("--network", self.network, f"cannot be used with this command, {reason}")
        return super().network_spec() if self.network == kind else dataclasses.replace(self, network=kind).network_spec()

    def default_spec(self, kind: Kind) -> NetworkSpec:
        """Return the reservoir that the recipe is made with, where the command line does not say otherwise."""
        spec = super().default_spec(kind)
        return spec if self.name == _LIST else spec.updated(dict(RECIPES.find(self.name).spec))

    def run(self) -> Outcome:
        """List the recipes, or run what of one is not yet in the out folder."""
        if self.name == _LIST:
            return RecipeList(RECIPES.loadable(), read_claims() if self.claims else ())
        recipe = RECIPES.find(self.name)
        count = repeats_of("--seeds", recipe.seeds if self.seeds is None else self.seeds, 2) if recipe.seeds else 1
        first = count_of("--seed", self.seed, 0)
        spec, seeds = self.network_spec() if recipe.network else None, range(first, first + count)
        options = RecipeOptions(
            spec=spec,
            seeds=seeds,
            engine=self.engine,
            path=self.path,
            runs=None if self.out is None else (self.out / report.RUNS).absolute(),
            values=recipe.chosen(settings_of(self.option, "--option")),
            for_all=self.all_of,
        )
        claims = {claim.id: claim for claim in read_claims()}
        return RecipeReport(self.name, recipe, spec, seeds, recipe.run(options), claims)


def _data(recipe: Recipe) -> str:
    """Return what a recipe needs and takes."""
    parts = [f"needs {recipe.needs or 'no data'}", f"takes {recipe.uses}" if recipe.uses else ""]
    return ", ".join(filter(None, (*parts, f"needs the extra {recipe.extra}" if recipe.extra else "")))


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(execute(Reproduce))
