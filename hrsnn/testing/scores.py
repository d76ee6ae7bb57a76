"""What every score must do: its tests, as a class to inherit."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from hrsnn.analysis.protocols.task_scores import check_score, task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.scoring.contract import Score
from hrsnn.analysis.scoring.registry import SCORES, bounds_of, label_of
from hrsnn.balanced import BalancedSpec
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.kinds import NetworkSpec, build_network
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task
from hrsnn.tasks.declaration import KINDS

_SPEC = ReservoirSpec.preset("dense", neurons=25)
#: Without any spike: no input and no drive.
_SILENT = _SPEC.updated({"i_bias": 0.0, "v_start": 0.0, "input_gain": 0.0, "input_weight": 0.0})
#: The same for scores that need a decoder.
_DECODING = BalancedSpec(neurons=25, dimensions=2)
_SILENT_DECODING = _DECODING.updated({"gain": 0.0})
_OPTIONS = RunOptions(max_delay=5, surrogates=19, bootstrap=20, starts=2, steps=5)


class ScoreCases:
    """Tests of one score, on small tasks of each kind that it is declared for.

    Attributes
    ----------
    score : str
        Name of the score under test; no default.

    Examples
    --------
    In a test file, of a score that is registered:

    >>> class TestMyScore(ScoreCases):
    ...     score = "my_score"
    """

    score: ClassVar[str]

    @property
    def declared(self) -> Score:
        """Declaration of the score under test."""
        return SCORES.find(self.score)

    def value(self, kind: str, silent: bool = False) -> float:
        """Compute the score in a small task of a kind; only what the score declares to need is recorded."""
        decoding = "decoder" in self.declared.needs
        spec: NetworkSpec = _DECODING if decoding else _SPEC
        if silent:
            spec = _SILENT_DECODING if decoding else _SILENT
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HrsnnWarning)  # of silence, and of inexact capacities
            found = task_scores(lambda channels: build_network(spec, 1, channels), task_of(kind), _OPTIONS, (self.score,))
        return found.scores[self.score]

    def check_bounds(self, value: float) -> None:
        """Check that a value is within the declared bounds, or nan."""
        low, high = self.declared.bounds
        assert isinstance(value, float)
        assert math.isnan(value) or low <= value <= high

    def test_it_is_computed_if_it_has_kinds_and_reported_otherwise(self) -> None:
        assert set(self.declared.kinds) <= set(KINDS)
        if self.declared.function is None:
            with pytest.raises(InputError, match="only reported"):
                self.declared.of(None)
        else:
            assert self.declared.kinds

    def test_tables_know_its_bounds_and_its_label(self) -> None:
        assert bounds_of(self.score) == self.declared.bounds
        assert label_of(self.score) == self.declared.axis

    @pytest.mark.parametrize("kind", KINDS)
    def test_other_kinds_of_tasks_are_refused(self, kind: str) -> None:
        if self.declared.function is not None and kind in self.declared.kinds:
            assert check_score(self.score, kind) == self.declared
        else:
            with pytest.raises(InputError, match="is not defined for tasks of the kind"):
                check_score(self.score, kind)

    def test_it_needs_no_more_than_it_declares(self) -> None:
        for kind in self.declared.kinds:
            value = self.value(kind)
            self.check_bounds(value)
            assert not math.isnan(value), kind

    def test_a_seed_gives_the_same_value(self) -> None:
        for kind in self.declared.kinds:
            assert repr(self.value(kind)) == repr(self.value(kind)), kind

    def test_a_silent_network_is_no_error(self) -> None:
        for kind in self.declared.kinds:
            self.check_bounds(self.value(kind, silent=True))


@functools.cache
def task_of(kind: str) -> ClassificationTask | SeriesTask:
    """Load a small task of a kind."""
    if kind == "classes":
        task = load_task("digits")
        assert isinstance(task, ClassificationTask)
        return task.subset(train=40, test=20).encoded()
    sizes: Mapping[str, Mapping[str, Any]] = {
        "series": {"train": 150, "test": 30, "washout": 20, "transient": 100},
        "memory": {"values": 250, "washout": 30},
    }
    return load_task({"series": "lorenz63", "memory": "memory"}[kind], **sizes[kind])
