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

    from hrsnn.kinds import NetworkSpec

Task = TypeVar("Task")
Result = TypeVar("Result")
#: Value of an option of a recipe.
Value = bool | int | float | str

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
    runs : Path or None
        Folder in which single runs are kept, to be resumed; None to keep nothing.
    values : mapping of str to value
        The recipe's options, with their defaults filled in.
    for_all : callable
        ``for_all(function, tasks)`` returns the results in the order of the tasks; with ``--jobs`` above 1 the function is
        called in other processes, so that it must be a function of a module or a partial of one.
    """

    #: Network to be built: the recipe's default, changed by the command line.
    spec: NetworkSpec | None
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


@dataclass(frozen=True)
class RecipeRow:
    """One measured quantity by seed; the published value is that of the same quantity in the recipe.

    Attributes
    ----------
    quantity : str
        What is measured: a key of the recipe's `published`, if it has a published value.
    of : str
        Model or method.
    values : tuple of float
        A value for each seed, in the order of the seeds; one for what is counted; none for what was not run, such as where
        data are missing.
    bounds : (float, float)
        Smallest and largest possible value; intervals do not exceed them.
    """

    quantity: str
    #: Model or method.
    of: str
    values: tuple[float, ...]
    bounds: Bounds = ANY


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
    #: Draws the figures by file name without ``.png``; called only if there is a folder for them.
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
    uses : str
        Data that may be given with ``--path``; empty if there are none.
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
    uses: str = ""
    extra: str = ""
    duration: str = ""

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
