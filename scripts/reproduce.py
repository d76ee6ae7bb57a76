"""``hrsnn reproduce``: a table or figure of a paper, made by one command."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import FileError, HrsnnError, InputError
from hrsnn.files.reading import read_json
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand, execute
from hrsnn.scripts.cli.report import Outcome
from hrsnn.scripts.cli.settings import settings_of
from hrsnn.scripts.recipes.claims import PublishedClaim, counted, read_claims
from hrsnn.scripts.recipes.contract import SCALES, Recipe, RecipeOptions
from hrsnn.scripts.recipes.data import check_data
from hrsnn.scripts.recipes.overview import Summary, overview, renew, summaries_in
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
    """Recipes, and the claims of the papers or an overview of results where they are asked for."""

    recipes: dict[str, Recipe]
    claims: Sequence[PublishedClaim]
    results: Mapping[str, Summary] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Readable text."""
        if self.results:
            return overview(self.recipes, self.results)
        width = max(map(len, self.recipes), default=0) + 2
        lines = []
        for name, recipe in self.recipes.items():
            lines.append(f"{name:{width}s}{recipe.item} of {recipe.paper}: {recipe.title}")
            lines.append(f"{'':{width}s}{_data(recipe)}; {recipe.duration or 'duration not known'}")
            options = " ".join(f"{option}={_toml(value)}" for option, value in recipe.options.items())
            lines += [f"{'':{width}s}--option {options}"] if options else []
            if recipe.paper_scale is not None:
                found = (f"{k}={_toml(value)} ({source})" for k, (value, source) in recipe.paper_scale.sources().items())
                lines.append(f"{'':{width}s}--scale paper: {', '.join(found) or 'as small'}")
        if self.claims:
            lines += ["", counted(self.claims)]
            for claim in self.claims:
                lines.append(f"{claim.verdict:14s}{claim.id} ({claim.paper}, {claim.where}): {claim.claim}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        shown = [one.name for one in dataclasses.fields(Recipe) if one.name not in ("run", "published", "paper_scale")]
        found: dict[str, Any] = {"recipes": {k: {one: getattr(v, one) for one in shown} for k, v in self.recipes.items()}}
        for name, recipe in self.recipes.items():
            scale = recipe.paper_scale
            found["recipes"][name]["paper_scale"] = None if scale is None else scale.sources()
        if self.results:
            found["results"] = {name: {**vars(one), "verdict": one.verdict} for name, one in self.results.items()}
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

    scale: Annotated[str, tyro.conf.arg(metavar="{small,paper}")] = SCALES[0]
    """Size: small, for minutes on two cores, or paper, with the settings of the paper."""

    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Option of the recipe, such as iterations=100; the list shows all with their defaults."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(for recipes that need data)")] = None
    """Data of a recipe that needs some."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: their rows are not run)")] = None
    """Folder with data sets in their official layouts, for the rows of a recipe that need them."""

    claims: Flag = False
    """With list: show the claims of the papers with their verdicts too."""

    results: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: none)")] = None
    """With list: an overview of the results in the subfolders of DIR, which were each the --out of a recipe."""

    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: none)")] = None
    """With list: Markdown page in which to renew the overview, such as docs/reproduction.md."""

    def check(self) -> None:
        """Raise an error for an unknown recipe, or an option that would have no effect, before anything else."""
        if self.name == _LIST:
            given: dict[str, Any] = {"--out": self.out, "--option": self.option, "--path": self.path, "--seeds": self.seeds}
            given |= {"--format": None if self.format == "png" else self.format}
            given |= {"--data": self.data, "--scale": None if self.scale == SCALES[0] else self.scale}
            for option, value in given.items():
                if value:
                    raise InputError(
                        option, value if isinstance(value, int) else str(value), "is for a recipe, not the list"
                    )
        else:
            recipe = RECIPES.find(self.name)
            for option, value in {"--claims": self.claims, "--results": self.results, "--page": self.page}.items():
                if value:
                    raise InputError(option, value if isinstance(value, bool) else str(value), "is for hrsnn reproduce list")
            recipe.settings(self.scale)
            if recipe.needs and self.path is None:
                raise InputError("--path", None, f"recipe {self.name!r} needs {recipe.needs}")
            if self.path is not None and not recipe.needs:
                raise InputError("--path", str(self.path), f"recipe {self.name!r} needs no data")
            check_data(self.name, recipe, self.data)
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
        if self.name == _LIST:
            return spec
        recipe = RECIPES.find(self.name)
        of_paper = {name: _toml(one.value) for name, one in recipe.settings(self.scale).spec.items()}
        return spec.updated({**recipe.spec, **of_paper})

    def run(self) -> Outcome:
        """List the recipes, or run what of one is not yet in the out folder."""
        if self.name == _LIST:
            return self._list()
        recipe = RECIPES.find(self.name)
        scale = recipe.settings(self.scale)
        usual = recipe.seeds if scale.seeds is None else scale.seeds.value
        count = repeats_of("--seeds", usual if self.seeds is None else self.seeds, 2) if recipe.seeds else 1
        first = count_of("--seed", self.seed, 0)
        spec, seeds = self.network_spec() if recipe.network else None, range(first, first + count)
        if self.out is not None:
            check_folder(self.out, self.name, self.scale)
        of_paper = {name: one.value for name, one in scale.options.items()}
        options = RecipeOptions(
            spec=spec,
            seeds=seeds,
            engine=self.engine,
            path=self.path,
            runs=None if self.out is None else (self.out / report.RUNS).absolute(),
            values=recipe.chosen({**of_paper, **settings_of(self.option, "--option")}),
            for_all=self.all_of,
            data=self.data,
            name=self.name,
            scale=self.scale,
        )
        claims = {claim.id: claim for claim in read_claims()}
        return RecipeReport(self.name, recipe, spec, seeds, recipe.run(options), claims, self.scale, self.command)

    def _list(self) -> RecipeList:
        recipes = RECIPES.loadable()
        results = {} if self.results is None else summaries_in(self.results)
        if self.page is not None:
            renew(self.page, {name: recipes[name] for name in RECIPES.own_names}, results)
        return RecipeList(recipes, read_claims() if self.claims else (), results)

    @property
    def command(self) -> str:
        """Command line that repeats the results, without the folder for them."""
        words = ["hrsnn", "reproduce", self.name]
        for option, value in (("spec", self.spec), ("path", self.path), ("data", self.data)):
            words += [] if value is None else [f"--{option}", option.upper()]
        for option in _NAMED:
            value = getattr(self, option)
            words += [] if value == Reproduce.__dataclass_fields__[option].default else [f"--{option}", str(value)]
        for option, values in (("set", self.set_), ("option", self.option)):
            words += [word for value in values for word in (f"--{option}", value)]
        return shlex.join(words)


#: Options that the command line of a result has where they are not the default.
_NAMED = ("scale", "preset", "neurons", "variant", "seeds", "seed", "engine")


def check_folder(out: Path, name: str, scale: str) -> None:
    """Check that a folder has no results of another recipe or scale.

    Raises
    ------
    FileError
        When it has.
    """
    file = out / "metrics.json"
    if file.exists():
        found = read_json(file, "result of a command")
        for what, wanted in (("recipe", name), ("scale", scale)):
            if found.get(what) != wanted:
                there = f"of {what} {found[what]!r:.60}" if what in found else "of another command"
                raise FileError(out, f"has results {there}: choose another --out")


def _data(recipe: Recipe) -> str:
    """Return what a recipe needs, and the data that it takes."""
    extra = f" and the extra {recipe.extra}" if recipe.extra else ""
    data = f"; --data may have {', '.join(recipe.data)}" if recipe.data else ""
    return f"needs {recipe.needs or 'no data'}{extra}{data}"


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(execute(Reproduce))
