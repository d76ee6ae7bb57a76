"""What every recipe must do: its tests, as a class to inherit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hrsnn.errors import InputError
from hrsnn.scripts import main
from hrsnn.scripts.recipes.contract import Recipe
from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.scripts.recipes.units import TIMING
from hrsnn.scripts.reproduce import Reproduce


class RecipeCases:
    """Tests of one recipe, run by ``hrsnn reproduce`` at a size of its options that takes seconds.

    Attributes
    ----------
    recipe : str
        Name of the recipe under test; no default.
    options : mapping of str to value
        Options of the recipe, as with ``--option``, with which it takes seconds; by default none.
    words : tuple of str
        Other words of the command line, by default ``--neurons 20 --seeds 2``; with ``--path`` for a recipe that needs data,
        without ``--neurons`` for one that has no kind of network.
    jobs : tuple of int
        Numbers of processes for which the bytes must be the same, by default 1 and 2; more than 1 needs an entry of an
        installed package: give ``(1,)`` for one added by ``RECIPES.add``.

    Examples
    --------
    In a test file, of a recipe that is registered:

    >>> class TestMyRecipe(RecipeCases):
    ...     recipe = "my_recipe"
    ...     options = {"iterations": 2}
    """

    recipe: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    words: ClassVar[tuple[str, ...]] = ("--neurons", "20", "--seeds", "2")
    jobs: ClassVar[tuple[int, ...]] = (1, 2)

    @property
    def declared(self) -> Recipe:
        """Declaration of the recipe under test."""
        return RECIPES.find(self.recipe)

    def run(self, out: Path, jobs: int = 1) -> dict[str, bytes]:
        """Run the recipe into a folder, and return the bytes of its files, without times; skip the test if it needs data."""
        if self.declared.needs and "--path" not in self.words:
            pytest.skip(f"the recipe {self.recipe} needs {self.declared.needs}: words must have --path")
        options = [word for name, value in self.options.items() for word in ("--option", f"{name}={_toml(value)}")]
        words = ["reproduce", self.recipe, *self.words, *options, "--jobs", str(jobs), "--out", str(out), "--quiet"]
        assert main(words) == 0
        paths = [path for path in sorted(out.rglob("*")) if path.is_file() and path.parent.name != TIMING]
        return {str(path.relative_to(out)): path.read_bytes() for path in paths}

    def test_it_says_what_it_is(self) -> None:
        assert all((self.declared.title, self.declared.paper, self.declared.item))
        assert self.declared.chosen({}) == dict(self.declared.options)
        with pytest.raises(InputError, match="no_such_option"):
            self.declared.chosen({"no_such_option": 1})

    def test_any_number_of_jobs_gives_the_same_bytes(self, tmp_path: Path) -> None:
        first, *others = (self.run(tmp_path / str(jobs), jobs) for jobs in self.jobs)
        for other in others:
            assert other == first
        assert {"metrics.json", "report.md", "table.csv"} <= set(first)
        assert ("spec.toml" in first) == bool(self.declared.network)

    def test_it_goes_on_in_its_folder_with_the_same_bytes(self, tmp_path: Path) -> None:
        files = self.run(tmp_path)
        for name in [name for name in files if not name.endswith("settings.json")][::2]:
            (tmp_path / name).unlink()
        assert self.run(tmp_path) == files

    def test_its_claims_and_published_values_are_those_it_reports(self, tmp_path: Path) -> None:
        found = json.loads(self.run(tmp_path)["metrics.json"])
        assert [one["claim"] for one in found["claims"]] == list(self.declared.claims)
        assert set(found["published"]) == set(self.declared.published)
        assert set(self.declared.published) <= set(found["scores"])

    def test_its_settings_of_the_paper_are_settings_that_it_has(self) -> None:
        scale = self.declared.paper_scale
        if scale is not None:
            self.declared.chosen({name: one.value for name, one in scale.options.items()})
            Reproduce(name=self.recipe, scale="paper").network_spec()


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
