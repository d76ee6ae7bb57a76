"""``hrsnn deep prune``: a network without most of its weights, which is trained on under attack with a fixed mask."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import NETWORK, OfTrained, training_parts, write_history
from hrsnn.scripts.deep.outcome import DeepOutcome
from hrsnn.scripts.deep.robust_options import Loss, TrainedUnderAttack, digest, read_masks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.network import Spiking

_KEPT, _METHOD, _HALF = 0.1, "magnitude", "(default: half that of the links)"
Method = Literal["magnitude", "layerwise", "scores", "random", "activity", "drive", "betweenness", "noise", "lnp"]


@dataclass(frozen=True, kw_only=True)
class DeepPrune(TrainedUnderAttack, OfTrained):
    """Remove most weights of a trained network for good, and train the others on under attack."""

    kept: Annotated[float | None, tyro.conf.arg(help_behavior_hint=f"(default: {_KEPT})")] = None
    """Share of the weights that are kept."""

    method: Annotated[Method | None, tyro.conf.arg(help_behavior_hint=f"(default: {_METHOD})")] = None
    """The largest weights of all or of each layer; the largest scores, which are learnt under attack; or without labels any,
    the links of most activity, drive or betweenness, or those that are drawn by noise, alone or with the further steps of
    Lyapunov noise pruning."""

    removed_neurons: Annotated[float | None, tyro.conf.arg(metavar="SHARE", help_behavior_hint=_HALF)] = None
    """Share of the hidden neurons, of convolutions channels, that lnp removes."""

    score_epochs: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 5)")] = None
    """Epochs for which scores are learnt."""

    mask_of: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: a new mask)")] = None
    """Folder of a pruned network of the same model, whose mask is taken."""

    robust: Loss = "trades"
    """Loss with which the network is trained on."""

    def check(self) -> None:
        """Raise an error before the work."""
        from hrsnn.deep.robust.pruning import check_kept
        from hrsnn.networks.feed_forward import NoiseSettings

        super().check()
        check_kept(self._kept)
        self.objective(self.robust)
        self.schedule(self.seed)
        if self.mask_of is not None:
            for name in ("kept", "method", "score_epochs", "removed_neurons"):
                if (value := getattr(self, name)) is not None:
                    raise InputError(f"--{name.replace('_', '-')}", value, "has no effect: the mask is that of --mask-of")
        if self.score_epochs is not None and self._method != "scores":
            raise InputError("--score-epochs", self.score_epochs, "is of --method scores")
        if self.removed_neurons is not None:
            if self._method != "lnp":
                raise InputError("--removed-neurons", self.removed_neurons, "is of --method lnp")
            NoiseSettings(neurons=self.removed_neurons)

    @property
    def _kept(self) -> float:
        return _KEPT if self.kept is None else self.kept

    @property
    def _method(self) -> str:
        return self.method or _METHOD

    def run(self) -> DeepOutcome:
        """Prune and train on, or go on with a run that was stopped."""
        from hrsnn.analysis.figures.deep import learning_curves
        from hrsnn.deep.learning.training import train
        from hrsnn.deep.robust.ensemble import check_attackable
        from hrsnn.deep.robust.pruning import share_kept
        from hrsnn.deep.sparse_memory import sparse_bytes

        settings, state = self.stored()
        part, validation = training_parts(self.task_of(state), settings.steps)
        check_attackable(settings, part)
        checkpoint = None if self.out is None else self.out / NETWORK
        masked = dataclasses.replace(settings, masked=True)
        network = masked.build(self.seed)
        own = network.arrays()
        network.load_arrays(own | {name: value for name, value in state.best.items() if name in own})
        masks = read_masks(self.mask_of) if self.mask_of is not None else None
        if checkpoint is None or not checkpoint.exists():  # else they are in it
            network.set_masks(masks or self._masks(network, part))
        elif masks is not None:
            network.set_masks(masks)
        about: dict[str, Any] = {"task": state.settings.get("task", {}), "pruning": self._plain(masks)}
        found = train(
            masked,
            self.schedule(self.seed),
            part,
            validation,
            start=network.arrays(),
            objective=self.objective(self.robust),
            about=about,
            checkpoint=checkpoint,
            progress=self.progress,
        )
        kept = {node.name: found.network.mask_of(node.name) for node in found.network.architecture.weighted}
        masks = {name: mask.numpy() for name, mask in kept.items() if mask is not None}
        places, count = sum(mask.size for mask in masks.values()), sum(int(mask.sum()) for mask in masks.values())
        best = found.history[found.best_epoch - 1] if found.history else {}
        chance = 1 / settings.classes
        lines = [f"{'layer':12s}{'weights':>10s}{'kept':>10s}"]
        lines += [f"{name:12s}{mask.size:10d}{int(mask.sum()):10d}" for name, mask in masks.items()]
        return DeepOutcome(
            title=f"{settings.model}, {count} of {places} weights: {self.epochs} epochs of {self.robust}, seed {self.seed}",
            seed=self.seed,
            scores={
                "validation_accuracy": best.get("validation_accuracy", float("nan")),
                "validation_score": best.get("validation_score", float("nan")),
                "share_kept": share_kept(masks),
                **{f"bytes_{coding}": float(size) for coding, size in sparse_bytes(places, count).items()},
            },
            baselines={"validation_accuracy": {"chance": chance}},
            details={"network": masked.plain(), "pruning": about["pruning"], "history": found.history},
            tables="\n".join(lines),
            draw=lambda: {"learning": learning_curves(found.history, chance)} if found.history else {},
            files={"history.csv": write_history(found.history)},
        )

    def _plain(self, masks: dict[str, NDArray[np.bool_]] | None) -> dict[str, Any]:
        """Return what the mask depends on."""
        if masks is not None:
            return {"mask": digest(masks)}
        of_noise = {"neurons": self.removed_neurons} if self._method == "lnp" else {}
        return {"kept": self._kept, "method": self._method, "score_epochs": self.score_epochs or 5, **of_noise}

    def _masks(self, network: Spiking, part: Frames) -> dict[str, NDArray[np.bool_]]:
        from hrsnn.deep.robust.pruning import magnitude_masks, score_masks
        from hrsnn.networks.feed_forward import UNLABELLED, NoiseSettings, unlabelled_masks

        if self._method in UNLABELLED:
            chosen = NoiseSettings(neurons=self.removed_neurons)
            return unlabelled_masks(network, part, self._kept, self._method, seed=self.seed, settings=chosen)
        if self._method == "scores":
            training = dataclasses.replace(self.schedule(self.seed), epochs=self.score_epochs or 5, learning_rate=0.1)
            return score_masks(network, part, self._kept, self.objective(self.robust), training, self.progress)
        weights = {name: one.detach().numpy() for name, one in network.weight.items()}
        return magnitude_masks(weights, self._kept, self._method == "layerwise")


if __name__ == "__main__":
    sys.exit(execute(DeepPrune))
