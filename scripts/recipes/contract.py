"""What a recipe is: the data, runs, table, figures and verdicts for one table or figure of a paper."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.judging import ClaimResult
from hrsnn.validation.annotations import is_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Task = TypeVar("Task")
Result = TypeVar("Result")
#: Value of an option of a recipe.
Value = bool | int | float | str

#: Sizes of a recipe: its own, for minutes on two cores, and those of the paper.
SCALES = ("small", "paper")

#: What stands in place of a published value that a paper shows in a figure only.
NOT_GIVEN = "not given in text"


@dataclass(frozen=True)
class Published:
    """Value of a quantity in a paper.

    Parameters
    ----------
    value : float or None
        None where the text and the tables of the paper do not state it: values are not read off a figure.
    where : str
        Section, table or figure: "table III".
    """

    value: float | None
    where: str

    @property
    def cell(self) -> str:
        """Format the value for a table.

        Examples
        --------
        >>> Published(0.195, "table III").cell, Published(None, "fig. 10 c").cell
        ('0.195 (table III)', 'not given in text (fig. 10 c)')
        """
        return f"{NOT_GIVEN if self.value is None else format(self.value, 'g')} ({self.where})"


@dataclass(frozen=True)
class Setting:
    """Value of a setting in a paper, with the place that states it, or where the value is from if none does."""

    value: Value
    source: str


@dataclass(frozen=True)
class PaperScale:
    """Settings of a paper, for ``--scale paper``: what differs from the recipe's own settings, which are small.

    Parameters
    ----------
    options : mapping of name to Setting
        Options of the recipe.
    spec : mapping of parameter to Setting
        Parameters of the network.
    seeds : Setting, optional
        Number of repeats; a paper's own mean and deviation need no more than its repeats, a verdict may.
    """

    options: Mapping[str, Setting] = field(default_factory=dict)
    spec: Mapping[str, Setting] = field(default_factory=dict)
    seeds: Setting | None = None

    def sources(self) -> dict[str, tuple[Value, str]]:
        """Return all settings with their sources: ``"neurons": (5000, "section VI-E")``."""
        found = {**self.spec, **self.options, **({} if self.seeds is None else {"seeds": self.seeds})}
        return {name: (one.value, one.source) for name, one in found.items()}


class ForAll(Protocol):
    """Function that applies a function to all tasks, in parallel as the command line asks."""

    def __call__(self, function: Callable[[Task], Result], tasks: Iterable[Task], /) -> list[Result]:
        """Return the results in the order of the tasks."""


@dataclass(frozen=True)
class RecipeOptions:
    """What the command line says about one run of a recipe.

    Attributes
    ----------
    spec : NetworkSpec or None
        Network to be built: the recipe's default, changed by ``--spec``, ``--neurons``, ``--variant`` and ``--set``; None
        for a recipe without a kind of network.
    seeds : range
        Seeds of the paired runs.
    engine : str
        Name of an engine, for :func:`hrsnn.simulate`.
    path : Path or None
        Folder or file of data, for a recipe that needs one.
    data : Path or None
        Folder with data sets in their official layouts, for a recipe that has rows for them
        (:func:`hrsnn.scripts.recipes.data.task_of`).
    name : str
        Name of the recipe.
    scale : {"small", "paper"}
    runs : Path or None
        Folder in which single runs are kept, to be resumed; None to keep nothing.
    values : mapping of str to value
        The recipe's options, with their defaults filled in.
    for_all : callable
        ``for_all(function, tasks)`` returns the results in the order of the tasks; with ``--jobs`` above 1 the function is
        called in other processes, so that it must be a function of a module or a partial of one.
    """

    #: Network to be built, a NetworkSpec: the recipe's default, changed by the command line; None without a kind of network.
    spec: Any
    #: Seeds of the paired runs.
    seeds: range
    engine: str
    #: Folder or file of data, for a recipe that needs one.
    path: Path | None
    #: Folder in which single runs are kept, to be resumed; None to keep nothing.
    runs: Path | None
    #: The recipe's options, with their defaults filled in.
    values: Mapping[str, Any]
    for_all: ForAll
    #: Folder with data sets in their official layouts.
    data: Path | None = None
    name: str = ""
    scale: str = "small"


@dataclass(frozen=True)
class RecipeRow:
    """One measured quantity by seed, or one that was not run.

    Attributes
    ----------
    quantity : str
        What is measured: a key of the recipe's `published`, if it has a published value.
    of : str
        Model or method.
    values : tuple of float
        A value for each seed, in the order of the seeds; one for what is counted; none for what was not run.
    bounds : (float, float)
        Smallest and largest possible value; intervals do not exceed them.
    published : Published, optional
        Value in the paper; by default that of the quantity in the recipe, if it has one.
    not_run : str
        Why there are no values, such as that the data are missing; empty for a row with values.

    Raises
    ------
    InputError
        When there are neither values nor a reason, or both.
    """

    quantity: str
    #: Model or method.
    of: str
    values: tuple[float, ...] = ()
    bounds: Bounds = ANY
    #: Value in the paper, if not that of the quantity in the recipe.
    published: Published | None = None
    #: Why there are no values; empty for a row that has some.
    not_run: str = ""

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.not_run):
            raise InputError("not_run", self.not_run, "must be given for a row without values, and only then")


@dataclass(frozen=True)
class RecipeResult:
    """Outcome of a recipe.

    Attributes
    ----------
    rows : sequence of RecipeRow
        The table.
    claims : sequence of ClaimResult
        Verdicts, as :func:`hrsnn.scripts.recipes.judging.judge` returns them.
    draw : callable
        Without arguments; returns figures by file name: ``{"rates": figure}`` makes ``rates.png``, and ``{}`` no figure.
        Called only if there is a folder for them.
    metrics : mapping
        Further content of ``metrics.json``.
    """

    rows: Sequence[RecipeRow]
    #: Verdicts on the claims of the recipe.
    claims: Sequence[ClaimResult]
    #: Draws the figures by file name without its ending; called only if there is a folder for them.
    draw: Callable[[], Mapping[str, Figure]]
    #: Further content of ``metrics.json``.
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """Recipe for a table or figure of a paper.

    Parameters
    ----------
    title : str
        What it shows, in one line.
    paper : str
        Any name; for the recipes of hrsnn itself, a key of docs/bibliography.md.
    item : str
        Table or figure: "fig. 10".
    run : callable
        Function from :class:`RecipeOptions` to :class:`RecipeResult`. Import what is slow to import in it, not above it:
        all recipes are loaded to be listed.
    claims : sequence of str
        Names of the claims of the result, in its order. Any names; for the recipes of hrsnn itself, entries of claims.toml.
    published : mapping of quantity to Published
        Values of the paper to which measured ones are compared; each quantity must be that of a row.
    options : mapping of name to value
        Options and their defaults, for ``--option KEY=VALUE``: numbers, text and booleans.
    network : str
        Kind of the network; empty for a recipe that builds others, such as deep networks: options of networks are refused.
    spec : mapping of parameter to value
        Changes of the default network of that kind; ``--spec`` replaces them all, ``--set`` and ``--neurons`` one by one.
    seeds : int
        Number of paired seeds by default; 0 where nothing is random, and there is one value of each quantity.
    needs : str
        Data that must be given with ``--path``; empty if there are none.
    data : tuple of str
        Tasks with rows of their own where ``--data`` has their data; without them these rows are not run.
    paper_scale : PaperScale, optional
        Settings of the paper; without them there is only the small scale. A recipe that chooses its sizes itself may have
        an option ``scale`` instead, "small" by default, which ``--scale`` sets.
    extra : str
        Optional dependency without which it does not run: "torch".
    duration : str
        About how long it takes with its defaults, on two cores.

    Notes
    -----
    The same seeds must give the same bytes for any number of jobs and after any interruption: use
    :class:`~hrsnn.scripts.cli.kept_runs.KeptRuns` in the folder ``options.runs``, and no random numbers but those of
    :func:`hrsnn.runtime.seeds.generator`.
    """

    title: str
    paper: str
    item: str
    run: Callable[[RecipeOptions], RecipeResult]
    claims: Sequence[str] = ()
    published: Mapping[str, Published] = field(default_factory=dict)
    options: Mapping[str, Value] = field(default_factory=dict)
    network: str = "reservoir"
    spec: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 10
    needs: str = ""
    extra: str = ""
    duration: str = ""
    data: tuple[str, ...] = ()
    paper_scale: PaperScale | None = None

    def chosen(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all options: those given, and the defaults of the others.

        Raises
        ------
        InputError
            For an unknown option, with the nearest known one, or a value of another type than the default's.

        Examples
        --------
        >>> recipe = Recipe("a table", "paper", "table I", print, options={"iterations": 5, "share": 0.5})
        >>> recipe.chosen({"iterations": 9})
        {'iterations': 9, 'share': 0.5}
        """
        for name, value in given.items():
            if name not in self.options:
                near = difflib.get_close_matches(name, self.options, n=1)
                known = f"must be one of {', '.join(self.options)}" if self.options else "this recipe has no options"
                raise InputError("--option", name, f"did you mean {near[0]!r}? {known}" if near else known)
            _check_type(name, value, self.options[name])
        return {name: type(default)(given.get(name, default)) for name, default in self.options.items()}

    def settings(self, scale: str) -> PaperScale:
        """Return what a scale changes of the recipe's own settings.

        Raises
        ------
        InputError
            For an unknown scale, or that of the paper for a recipe without.

        Examples
        --------
        >>> recipe = Recipe("a table", "paper", "table I", print, paper_scale=PaperScale(seeds=Setting(5, "section VI-A")))
        >>> recipe.settings("paper").seeds.value, recipe.settings("small").seeds
        (5, None)
        """
        if scale not in SCALES:
            near = difflib.get_close_matches(scale, SCALES, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError("--scale", scale, f"{hint}must be one of {', '.join(SCALES)}")
        if scale == "small":
            return PaperScale()
        if self.paper_scale is None and self.options.get("scale") == SCALES[0]:
            return PaperScale({"scale": Setting(scale, "the recipe's own")})
        if self.paper_scale is None:
            raise InputError("--scale", scale, "this recipe has no settings of a paper")
        return self.paper_scale


def _check_type(name: str, value: Any, default: Value) -> None:
    if isinstance(default, bool):
        right, what = isinstance(value, bool), "true or false"
    elif isinstance(default, int):
        right, what = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif isinstance(default, float):
        right, what = is_number(value), "a number"
    else:
        right, what = isinstance(value, str), "text"
    if not right:
        raise InputError(f"--option {name}", value, f"must be {what}, such as {default}")
