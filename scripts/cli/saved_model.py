"""The option by which a command keeps its fitted model in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from hrsnn.errors import FileError, InputError
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.report import check_names

if TYPE_CHECKING:
    from hrsnn.scripts.cli.report import Report
    from hrsnn.tasks import TaskChoice
    from hrsnn.tasks.new_samples import ModelInput


@dataclass(frozen=True, kw_only=True)
class SavesModel(Repeatable):
    """Command of which a single run gives a model."""

    save: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: it is not kept)")] = None
    """File (.npz) for the fitted model, which `hrsnn predict` uses on new data."""

    def check(self) -> None:
        """Raise an error before the work: for a file that cannot be written, and for several seeds."""
        super().check()
        if self.save is None:
            return
        if self.seeds > 1:
            raise InputError("--save", self.save.name, f"is of one run: cannot be given with --seeds {self.seeds}")
        check_names(self.save)
        if self.save.suffix != ".npz":
            raise InputError("--save", self.save.name, "must end in .npz")
        if self.save.is_dir():
            raise FileError(self.save, "is a folder; name a file")
        if not self.save.absolute().parent.is_dir():
            raise FileError(self.save, "is in a folder that does not exist")

    def keep(self, model: Any, choice: TaskChoice, takes: ModelInput, report: Report) -> None:
        """Write the model, with what it takes and the scores of its run, if a file is named."""
        if self.save is None:
            return
        from hrsnn.estimators.model_file import save_model

        about = {
            "title": report.title,
            "task": choice.name,
            "input": {"options": choice.settings, "shape": takes.shape, "whole": takes.whole, "rate": takes.rate},
            "scores": dict(report.scores),
            "baselines": {name: dict(each) for name, each in report.baselines.items()},
        }
        save_model(self.save, model, about)
