"""What the commands on deep networks share: options, checks of options that have no effect, and the data of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from hrsnn.errors import HrsnnError, InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.scripts.cli.command import DrawingCommand

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.checkpoint import Checkpoint
    from hrsnn.deep.learning.network import Spiking
    from hrsnn.deep.learning.settings import NetworkSettings
    from hrsnn.tasks import ClassificationTask

#: File of a trained network in an out folder.
NETWORK = "network.npz"
#: File of the same network in integers.
PACKED = "network.bin"


def models_of(default: str) -> str:
    """Return the models, those of installed packages too, as a hint in ``--help``."""
    from hrsnn.deep.models import MODELS

    return f"(default: {default}; one of {', '.join(MODELS)})"


def neurons_of(default: str) -> str:
    """Return the neurons, those of installed packages too, as a hint in ``--help``."""
    from hrsnn.deep.neurons import NEURONS

    return f"(default: {default}; one of {', '.join(NEURONS)})"


@dataclass(frozen=True, kw_only=True)
class DeepCommand(DrawingCommand):
    """Command on deep networks."""

    def check(self) -> None:
        """Raise an error before the work: for a seed, an option of reservoirs, or where PyTorch is not installed."""
        from hrsnn.runtime.seeds import check_seed

        check_seed(self.seed)
        self.refuse_network_options("is of reservoirs, and has no effect on a deep network")
        if find_spec("torch") is None:
            raise HrsnnError("deep networks need PyTorch: pip install 'hrsnn[torch]'")


@dataclass(frozen=True, kw_only=True)
class OfTrained(DeepCommand):
    """Command on a network that was trained before."""

    trained: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(required)")] = None
    """Folder in which `hrsnn deep train` or `hrsnn deep quantise` left a network."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: where they were)")] = None
    """File or folder with the data of its task."""

    def stored(self) -> tuple[NetworkSettings, Checkpoint]:
        """Return the settings and the state of the network.

        Raises
        ------
        InputError, FileError
            When no folder is given, or it has no network.
        """
        from hrsnn.deep.learning.checkpoint import read_checkpoint
        from hrsnn.deep.learning.settings import NetworkSettings

        if self.trained is None:
            raise InputError("--trained", None, "is needed: the folder of a trained network")
        state = read_checkpoint(self.trained / NETWORK)
        with refuse_damaged(self.trained / NETWORK, "deep network"):
            return NetworkSettings.from_plain(state.settings["network"]), state

    def spiking(self) -> tuple[NetworkSettings, Checkpoint]:
        """Return what :meth:`stored` does, of a network with spikes.

        Raises
        ------
        InputError, FileError
            When no folder is given, or it has no network, or one of rectified units.
        """
        settings, state = self.stored()
        if settings.rectified:
            raise InputError(
                "--trained", settings.model, "has rectified units and no spikes: `hrsnn deep convert` gives it some"
            )
        return settings, state

    def network_of(self, settings: NetworkSettings, state: Checkpoint, seed: int | None = None) -> Spiking:
        """Return the network that :meth:`stored` described, with the weights of its best epoch.

        Raises
        ------
        FileError
            When its arrays are of another network.
        """
        assert self.trained is not None
        with refuse_damaged(self.trained / NETWORK, "deep network"):
            network = settings.build(self.seed if seed is None else seed)
            network.load_arrays(state.best)
        return network

    def task_of(self, state: Checkpoint) -> ClassificationTask:
        """Return the task that the network was trained on, with the same split.

        Raises
        ------
        InputError, FileError
            When its data are not where they were, or :attr:`path` is given for a task without data.
        """
        assert self.trained is not None
        about: Mapping[str, Any] = state.settings.get("task", {})
        with refuse_damaged(self.trained / NETWORK, "network with a task"):
            name, options = str(about["name"]), dict(about["options"])
            sizes = {part: about[part] for part in ("train", "test")}
            seed, place = int(about["seed"]), about["path"]
        if self.path is not None and place is None:
            raise InputError("--path", str(self.path), f"is no option of the task {name}")
        return load(name, options, self.path or place, sizes, seed)


def load(
    name: str, options: Mapping[str, Any], path: Path | str | None, sizes: Mapping[str, int | None], seed: int
) -> ClassificationTask:
    """Return a task of classes, cut to the numbers of samples in `sizes`."""
    from hrsnn.tasks import TaskChoice

    choice = TaskChoice(name, {**options, **({} if path is None else {"path": path})})
    return choice.load_classes(seed=seed).subset(**sizes, seed=seed)


def training_parts(task: ClassificationTask, steps: int) -> tuple[Frames, Frames]:
    """Return the training part of a task and the validation part that is cut from it, as frames."""
    from hrsnn.deep.frames import frames_of

    return frames_of(task.validation_part(), steps)


def write_history(history: list[dict[str, float]]) -> str:
    """Return a table of epochs, with commas."""
    names = ["epoch", "loss", "train_accuracy", "validation_accuracy", "mean_rate", "learning_rate"]
    if history and "validation_score" in history[0]:
        names.insert(4, "validation_score")
    return "\n".join([",".join(names), *(",".join(f"{row[name]:.10g}" for name in names) for row in history)]) + "\n"
