"""Rows of table IV of Chakraborty & Mukhopadhyay (2024) on pruned residual networks, with other methods and other tasks."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import SCALES, Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import place_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.table4 import CELLS, NAMES, PAPER, TABLE
from hrsnn.scripts.recipes.units import by_seed, run_units
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.networks.studies.feed_forward import Parts, PrunedNetworks, Training

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
Scores = dict[str, Any]
STAND_IN, MNIST, FIRST, SECOND = "digits", "MNIST, 8 x 8", "digits 0 to 4", "digits 5 to 9"
#: What is pruned: a network with its initial weights, or one that was trained and converted.
ORIGINS = ("random", "converted")
DENSE, LNP, RANDOM, MAGNITUDE = "dense", "lnp", "random", "magnitude"
#: Methods beside which LNP stands in the rows on residual networks, and in those on transfer.
BESIDE = (LNP, RANDOM, MAGNITUDE)
#: Initial weights are random, so that the largest are as well.
BY_ORIGIN = {"random": (LNP, RANDOM), "converted": BESIDE}
OWN, TRANSFERRED = "of the task itself", "of the other task"
#: Pairs of tasks; the first one's network is pruned, and trained on the second one, and the other way round.
PAIRS = ((FIRST, SECOND), (STAND_IN, MNIST), (NAMES["cifar10"], NAMES["cifar100"]))
_CARRIED = {DENSE: f"dense, {TRANSFERRED}", **{name: f"{name}, {TRANSFERRED}" for name in BESIDE}}


@functools.lru_cache(maxsize=2)
def _parts(label: str, place: Path | None, train: int, seed: int) -> Parts:
    """Return the task of a label, cut to a number of training samples; 0 is all."""
    from hrsnn.deep.frames import frames_of
    from hrsnn.networks.studies.feed_forward import Parts
    from hrsnn.tasks import TaskChoice

    tasks = {MNIST: ("mnist", {"size": 8}), **{NAMES[name]: (name, {}) for name in PAPER}}
    name, options = tasks.get(label, (STAND_IN, {}))
    choice = TaskChoice(name, {**options, **({} if place is None else {"path": place})})
    task = choice.load_classes(seed=seed).subset(train=train or None, seed=seed)
    (part, validation), (_, test) = frames_of(task.validation_part()), frames_of(task)
    parts = Parts(part, validation, test, len(task.classes))
    return parts.only(0, 4) if label == FIRST else parts.only(5, 9) if label == SECOND else parts


@dataclass(frozen=True)
class Unit:
    """Function from (what, ..., seed) to the scores of its arms."""

    values: Mapping[str, Any]
    places: Mapping[str, Path | None]

    def __call__(self, unit: tuple[Any, ...]) -> Scores:
        kind, *of, seed = unit
        if kind == "methods":
            return self.methods(seed)
        if kind == "residual":
            return self.residual(of[0], seed)
        return self.transfer(of[0], of[1], seed)

    def training(self, model: str) -> Training:
        """Return the sizes for a model."""
        from hrsnn.networks.studies.feed_forward import Training

        values = self.values
        return Training(model, values["steps"], values["epochs"], values["tuned"])

    def networks(self, label: str, model: str, seed: int) -> PrunedNetworks:
        """Return the networks of a task."""
        from hrsnn.networks.studies.feed_forward import PrunedNetworks

        train = self.values["train"]
        # fully connected networks on small images are trained on all samples
        wanted = 0 if model == "mlp" and label != MNIST else train
        return PrunedNetworks(_parts(label, self.places.get(label), wanted, seed), seed, self.training(model))

    def methods(self, seed: int) -> Scores:
        """Prune a fully connected network for digits by all methods, and train it on."""
        from hrsnn.networks.studies.feed_forward import METHODS

        study, tuned = self.networks(STAND_IN, "mlp", seed), self.values["tuned"]
        found: Scores = {DENSE: {"all": study.scores(study.trained(study.dense, tuned))}}
        for method in METHODS:
            found[method] = {}
            for share in shares_of(self.values["kept"]):
                bare = study.pruned(study.dense, study.masks(study.dense, method, share))
                scores = study.scores(study.trained(bare, tuned))
                scores["before"] = study.accuracy(bare)
                scores["renormalised"] = study.accuracy(study.renormalised(bare))
                found[method][f"{share:g}"] = scores
        return found

    def residual(self, label: str, seed: int) -> Scores:
        """Prune a residual network with its initial weights, and one that was converted, and train them."""
        values = self.values
        study = self.networks(label, values["model"], seed)
        tuned, whole = values["tuned"], values["epochs"] + values["tuned"]
        found: Scores = {}
        for origin in ORIGINS:
            start = study.initial if origin == "random" else study.dense
            epochs, rate = (whole, 0.1) if origin == "random" else (tuned, 0.05)
            arms = {DENSE: study.scores(study.trained(start, epochs, rate))}
            for method in BY_ORIGIN[origin]:
                masks = study.masks(start, method, values[f"kept_{origin}"], values[f"neurons_{origin}"])
                arms[method] = study.scores(study.trained(study.pruned(start, masks), epochs, rate))
            found[origin] = arms
        return found

    def transfer(self, first: str, second: str, seed: int) -> Scores:
        """Train networks that were pruned on one task for the other, both ways, beside those pruned on the task itself."""
        kept, tuned = shares_of(self.values["kept"])[0], self.values["tuned"]
        model = self.values["model"] if first == NAMES["cifar10"] else "mlp"
        both = {label: self.networks(label, model, seed) for label in (first, second)}
        masks = {label: {name: one.masks(one.dense, name, kept) for name in BESIDE} for label, one in both.items()}
        found: Scores = {}
        for here, there in ((first, second), (second, first)):
            own, other = both[here], both[there].dense
            networks = {f"{name}, {OWN}": own.pruned(own.dense, masks[here][name]) for name in (LNP, RANDOM)}
            networks[f"{DENSE}, {OWN}"] = own.dense
            networks |= {_CARRIED[name]: own.carried(other, masks[there][name]) for name in BESIDE}
            networks[_CARRIED[DENSE]] = own.carried(other, None)
            found[here] = {name: own.accuracy(own.trained(one, tuned)) for name, one in networks.items()}
        return found


def shares_of(text: str) -> list[float]:
    """Return the shares of an option.

    Raises
    ------
    InputError
        When they are no numbers above 0 and below 1.

    Examples
    --------
    >>> shares_of("0.1 0.05")
    [0.1, 0.05]
    """
    try:
        found = [float(word) for word in text.split()]
    except ValueError:
        found = []
    if not found or not all(0 < share < 1 for share in found) or len(set(found)) < len(found):
        raise InputError("--option kept", text, "must be shares of the links between 0 and 1, each once, such as '0.1 0.05'")
    return found


@dataclass(frozen=True)
class ResnetTable:
    """Scores by kind: arrays (seeds,) at the end of nested mappings."""

    #: ``methods[method][share][score]``.
    methods: Mapping[str, Any]
    #: ``residual[task][origin][method][score]``.
    residual: Mapping[str, Any]
    #: ``transfer[first, second][task][arm]``.
    transfer: Mapping[tuple[str, str], Any]
    model: str
    margin: float
    #: Why rows were not run, by task.
    missing: Mapping[str, str] = field(default_factory=dict)

    def cells(self, label: str, origin: str, method: str) -> dict[str, Array]:
        """Return the cells of a row of table IV."""
        arms = self.residual[label][origin]
        return {
            "baseline": arms[DENSE]["accuracy"],
            "loss": arms[method]["accuracy"] - arms[DENSE]["accuracy"],
            "neurons": arms[method]["neurons"],
            "synapses": arms[method]["links"],
            "ratio": _ratio(arms[DENSE], arms[method]),
        }

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all rows: those of table IV, those of all methods, and those of transfer."""
        for place, label in enumerate((*(NAMES[name] for name in PAPER), *({STAND_IN} & self.residual.keys()))):
            for origin in ORIGINS:
                yield from self._table_iv(label, origin, place)
        for method, by_share in self.methods.items():
            for share, scores in by_share.items():
                of = f"{method}, mlp" if method == DENSE else f"{method}, mlp, {100 * float(share):g} % of the links"
                for score, quantity, bounds in (
                    ("before", "accuracy before finetuning, digits", SHARE),
                    ("renormalised", "the same, normalisations estimated anew, digits", SHARE),
                    ("accuracy", "accuracy after finetuning, digits", SHARE),
                    ("energy", "energy (nJ), digits", POSITIVE),
                    ("neurons", "share of the neurons removed, digits", SHARE),
                ):
                    if score in scores:
                        yield RecipeRow(quantity, of, tuple(scores[score].tolist()), bounds)
                if method != DENSE:
                    yield RecipeRow("operations, dense over pruned, digits", of, tuple(self.saved(method, share)), POSITIVE)
        for pair in PAIRS:
            for here in pair:
                if pair in self.transfer:
                    for arm, values in self.transfer[pair][here].items():
                        yield RecipeRow(f"accuracy, {here}", arm, tuple(values.tolist()), SHARE)
                else:
                    yield RecipeRow(
                        f"accuracy, {here}, beside {next(one for one in pair if one != here)}",
                        _CARRIED[LNP],
                        not_run=next(self.missing[one] for one in pair if one in self.missing),
                    )

    def _table_iv(self, label: str, origin: str, place: int) -> Iterator[RecipeRow]:
        method = f"LNP, ResNet19 ({origin})"
        for cell, (quantity, bounds, unit) in CELLS.items():
            value = getattr(TABLE[method][place], cell) if place < len(PAPER) else None
            published = None if value is None else Published(round(value / unit, 6), "table IV")
            if label not in self.residual:
                if published:
                    yield RecipeRow(f"{quantity}, {label}", method, published=published, not_run=self.missing[label])
                continue
            for name in BY_ORIGIN[origin]:
                of = f"{name}, {self.model} ({origin})" if name != LNP else f"LNP, {self.model} ({origin})"
                of = method if label != STAND_IN and name == LNP else of
                if name == LNP or cell != "baseline":
                    values = tuple(self.cells(label, origin, name)[cell].tolist())
                    yield RecipeRow(f"{quantity}, {label}", of, values, bounds, published if name == LNP else None)

    def saved(self, method: str, share: str) -> list[float]:
        """Return how many times fewer operations the fully connected network has."""
        return [float(one) for one in _ratio(self.methods[DENSE]["all"], self.methods[method][share])]

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim, of table IV on the first task that is there."""
        label = next(iter(self.residual))
        by = {origin: {name: self.cells(label, origin, name) for name in BY_ORIGIN[origin]} for origin in ORIGINS}
        lost = {origin: one[LNP]["loss"] for origin, one in by.items()}
        logs = {name: np.log(one["ratio"]) for name, one in by["converted"].items()}
        fewer = {f"log of the ratio of operations: LNP - {name}": logs[LNP] - logs[name] for name in (RANDOM, MAGNITUDE)}
        moved = {
            f"accuracy on {here}: LNP {TRANSFERRED} - LNP {OWN} + {self.margin:g}": arms[_CARRIED[LNP]]
            - arms[f"{LNP}, {OWN}"]
            + self.margin
            for pair in self.transfer.values()
            for here, arms in pair.items()
        }
        what = f"accuracy of {self.model} on {label}"
        return [
            Reading(
                "table-4-resnet-little-lost",
                f"{what}, converted: LNP - dense + {self.margin:g}",
                lost["converted"] + self.margin,
            ),
            Reading(
                "table-4-resnet-conversion-helps",
                f"{what}, LNP - dense: converted - random",
                lost["converted"] - lost["random"],
            ),
            Reading("table-4-resnet-operations", *least_certain(fewer)),
            Reading("lnp-transfers", *least_certain(moved)),
        ]

    def tests(self) -> dict[str, dict[str, Any]]:
        """Return paired tests, in families with Holm's correction.

        Returns
        -------
        dict
            By family. At each share: LNP against a random and a magnitude mask in accuracy; LNP in the log of operations;
            all other methods against a random mask. Of transfer and of residual networks: LNP against the others.
        """
        first, saved, against = "accuracy, LNP - method", "log of operations, method / LNP", "accuracy, method - random"
        families: dict[str, dict[str, Array]] = {first: {}, saved: {}, against: {}}
        for method, by_share in self.methods.items():
            for share, scores in by_share.items():
                name = f"{method}, {share}"
                if method in (RANDOM, MAGNITUDE):
                    lnp = self.methods[LNP][share]
                    families[first][name] = lnp["accuracy"] - scores["accuracy"]
                    families[saved][name] = np.log(_ratio(scores, lnp))
                if method not in (DENSE, RANDOM, LNP):
                    families[against][name] = scores["accuracy"] - self.methods[RANDOM][share]["accuracy"]
        moved = families["transfer: accuracy, LNP of the other task - other networks"] = {}
        for pair in self.transfer.values():
            for here, arms in pair.items():
                others = (f"{LNP}, {OWN}", _CARRIED[RANDOM], _CARRIED[MAGNITUDE], _CARRIED[DENSE])
                moved |= {f"{here}: {one}": arms[_CARRIED[LNP]] - arms[one] for one in others}
        residual = families["residual networks: accuracy, LNP - other networks"] = {}
        for label, by_origin in self.residual.items():
            for origin, arms in by_origin.items():
                for name in BY_ORIGIN[origin][1:]:
                    residual[f"{label}, {origin}: {name}"] = arms[LNP]["accuracy"] - arms[name]["accuracy"]
        return {name: _tested(family) for name, family in families.items()}

    def figure(self) -> Figure:
        """Draw accuracies of all methods and shares, and of transfer."""
        from hrsnn.analysis.figures import scores_over_seeds

        dense = self.methods[DENSE]["all"]["accuracy"]
        panels: dict[str, dict[str, Array]] = {}
        for share in next(iter(one for name, one in self.methods.items() if name != DENSE)):
            rows = {name: one[share]["accuracy"] for name, one in self.methods.items() if name != DENSE}
            panels[f"Accuracy, {100 * float(share):g} % of the links"] = {DENSE: dense, **rows}
        for pair in self.transfer.values():
            panels |= {f"Accuracy, {here}": dict(arms) for here, arms in pair.items()}
        return scores_over_seeds(panels, dict.fromkeys(panels, SHARE))


def _ratio(dense: Mapping[str, Array], pruned: Mapping[str, Array]) -> Array:
    """Return how many times fewer operations a sample needs; a silent network counts as one operation."""
    return np.asarray(np.maximum(dense["operations"], 1.0) / np.maximum(pruned["operations"], 1.0))


def _tested(family: Mapping[str, Array]) -> dict[str, Any]:
    from hrsnn.analysis import holm, paired_test

    known = {name: one for name, one in family.items() if np.isfinite(one).all() and len(one) > 1}
    tests = {name: paired_test(one) for name, one in known.items()}
    adjusted = holm([one.p_value for one in tests.values()]).tolist() if tests else []
    return {
        name: {"mean": one.mean, "interval": one.interval, "p_holm": p}
        for (name, one), p in zip(tests.items(), adjusted, strict=True)
    }


def _stacked(runs: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: _stacked([one[name] for one in runs]) if isinstance(value, Mapping) else np.array([one[name] for one in runs])
        for name, value in runs[0].items()
    }


def run(options: RecipeOptions) -> RecipeResult:
    """Prune and train all networks for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.networks.feed_forward import NoiseSettings

    values = dict(options.values)
    shares_of(values["kept"])
    for origin in ORIGINS:
        shares_of(str(values[f"kept_{origin}"]))
        NoiseSettings(neurons=values[f"neurons_{origin}"])
    if not 0 < values["margin"] < 1:
        raise InputError("--option margin", values["margin"], "must be between 0 and 1")
    count_of("--option train", values["train"], 0)
    unit = Unit(values, {})
    unit.training(values["model"])
    tasks = {MNIST: "mnist", **{NAMES[name]: name for name in PAPER}}
    places = {label: place_of(name, options.data) for label, name in tasks.items()}
    missing = {label: why_not(tasks[label]) for label, place in places.items() if place is None}
    if options.scale == SCALES[0]:  # a residual network on them takes hours
        missing |= {NAMES[name]: f"{why_not(name)}, --scale paper" for name in PAPER}
    there = [NAMES[name] for name in PAPER if NAMES[name] not in missing]
    if options.scale == SCALES[0]:
        there = [STAND_IN]
    elif not there:
        raise InputError("--data", options.data and str(options.data), f"is needed with --scale paper: {why_not(PAPER[0])}")
    pairs = [pair for pair in PAIRS if not missing.keys() & set(pair)]
    units = [("methods",), *(("residual", label) for label in there), *(("transfer", *pair) for pair in pairs)]
    logger.info(verdicts_in_reach([4], len(options.seeds)))
    found = run_units(
        options,
        Unit(values, places),
        [(*one, seed) for one in units for seed in options.seeds],
        alike=lambda one: one[:-1],
        torch=_torch_version(),
    )
    stacked = {one: _stacked(by_seed(found, options.seeds, *one)) for one in units}
    table = ResnetTable(
        stacked[("methods",)],
        {label: stacked["residual", label] for label in there},
        {pair: stacked[("transfer", *pair)] for pair in pairs},
        values["model"],
        values["margin"],
        missing,
    )
    assert family_size(table.readings()) == 4
    return RecipeResult(
        list(table.rows()), judge(table.readings()), lambda: {"table4_resnet": table.figure()}, {"tests": table.tests()}
    )


def _torch_version() -> str:
    from importlib import metadata

    return metadata.version("torch")


RECIPE = Recipe(
    title="Residual networks pruned by noise, all methods on a feed-forward network, and transfer between tasks",
    paper="chakraborty-mukhopadhyay-2024",
    item="table IV, ResNet19",
    run=run,
    claims=(
        "table-4-resnet-little-lost",
        "table-4-resnet-conversion-helps",
        "table-4-resnet-operations",
        "lnp-transfers",
    ),
    options={
        "model": "resnet-small",
        "kept": "0.1 0.05",
        "kept_random": 0.1,
        "kept_converted": 0.1,
        "neurons_random": 0.45,
        "neurons_converted": 0.45,
        "steps": 4,
        "epochs": 8,
        "tuned": 5,
        "train": 500,
        "margin": 0.01,
    },
    network="",
    seeds=12,
    extra="torch",
    data=("cifar10", "cifar100", "mnist"),
    duration="20 minutes",
    paper_scale=paper_scale("table4-resnet"),
)
