"""The report on the comparison of variants: scores, and a verdict on every claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.analysis.runs.rate_matching import MATCHED_BY, TOLERANCE
from hrsnn.analysis.scoring.registry import SCORES, bounds_of, unit_of
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.paired_repeats import IN_BRACKETS
from hrsnn.scripts.cli.repeats import INTERVAL, Row, table
from hrsnn.scripts.cli.report import PNG
from hrsnn.tasks import TASKS

if TYPE_CHECKING:
    from hrsnn.analysis import PairedTest
    from hrsnn.analysis.studies.variant_claims import ClaimTest
    from hrsnn.analysis.studies.variants import VariantRun
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks.declaration import TaskKind

#: Suffix of the variant's name for each network.
_SUFFIXES = {
    "recurrent": "",
    **{f"matched_{by}": f", rate matched by {by}" for by in MATCHED_BY},
    "uncoupled": " W=0",
    "delay_bank": " delay bank",
}
#: Scores of a task in the table of the report, by its kind; the first is also drawn.
_SHOWN: Mapping[TaskKind, tuple[str, ...]] = {
    "memory": ("memory_capacity", "memory_capacity_v", "efficiency", "effective_dimension", "mean_rate"),
    "classes": ("accuracy", "effective_rank", "entropy_rank", "efficiency", "mean_rate"),
    "series": ("nrmse", "nrmse_v", "efficiency", "mean_rate"),
}


@dataclass(frozen=True)
class VariantsReport:
    """Scores of all runs, and verdicts on all claims."""

    spec: ReservoirSpec
    settings: Mapping[str, Any]
    seeds: range
    scores: Mapping[VariantRun, Mapping[str, float]]
    tested: Sequence[ClaimTest]

    @property
    def title(self) -> str:
        """Line that describes the runs."""
        tasks = ", ".join(dict.fromkeys(run.task for run in self.scores))
        return f"variants: {tasks}; {self.spec.neurons} neurons, seeds {self.seeds[0]} to {self.seeds[-1]}"

    @property
    def text(self) -> str:
        """Text with a line for each claim."""
        lines = [self.title]
        for one in self.tested:
            what = f"{one.claim.hypothesis}, {_what(one.claim.task, one.claim.score)}"
            against = f" (best twin: by {one.matched_by})" if one.matched_by else ""
            difference = f"{_with_interval(one.test)} {unit_of(one.claim.score)}"
            lines.append(f"{what:64s} {difference:40s} p {one.adjusted:<8.2g} {one.verdict}{against}")
        lines += [*self.unmatched, *([IN_BRACKETS] if self.tested else [])]
        return "\n".join(lines)

    @property
    def unmatched(self) -> list[str]:
        """A line for each homogeneous variant whose rate could not be matched in all seeds."""
        errors: dict[tuple[str, str, str], list[float]] = {}
        for run, scores in self.scores.items():
            if run.matched_by and not abs(scores["rate_error"]) <= TOLERANCE:
                errors.setdefault((run.task, run.variant, run.matched_by), []).append(scores["rate_error"])
        return [
            f"{task}: the rate of {variant} was not matched by {by} in {len(found)} of {len(self.seeds)} seeds: "
            f"it differs by up to {100 * max(map(abs, found)):.0f} %"
            for (task, variant, by), found in errors.items()
        ]

    def rows(self) -> Iterator[Row]:
        """Yield all scores of all variants, with recurrent links, without (W = 0), and of the delay bank if there is one."""
        kinds = {(run.task, run.variant, run.control): list(self.scores[run]) for run in self.scores}
        for (task, variant, control), names in kinds.items():
            for name in names:
                if name == "rate_error":
                    continue
                values = self.values(task, variant, control, name)
                yield Row(f"{task} {name}", _named(variant, control), values, bounds_of(name))

    @property
    def controls(self) -> list[str]:
        """Names of the networks that were run, the recurrent one first."""
        return [control for control in _SUFFIXES if any(run.control == control for run in self.scores)]

    @property
    def networks(self) -> list[tuple[str, str]]:
        """Variants and controls that were run, as (variant, control)."""
        from hrsnn.presets import VARIANTS

        ran = {(run.variant, run.control) for run in self.scores}
        return [(variant, control) for control in self.controls for variant in VARIANTS if (variant, control) in ran]

    def values(self, task: str, variant: str, control: str, score: str) -> tuple[float, ...]:
        """Return one score by seed."""
        from hrsnn.analysis.studies.variants import VariantRun

        _, _, matched_by = control.partition("matched_")
        recurrent, bank = control not in ("uncoupled", "delay_bank"), control == "delay_bank"
        runs = [VariantRun(task, variant, recurrent, seed, bank, matched_by) for seed in self.seeds]
        return tuple(self.scores[run][score] for run in runs)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        from hrsnn.presets import VARIANTS

        scores: dict[str, dict[str, float]] = {}
        baselines: dict[str, dict[str, float]] = {}
        for row in self.rows():
            (scores if row.of in VARIANTS else baselines).setdefault(row.score, {})[row.of] = row.mean
        return {
            "scores": scores,
            "baselines": baselines,
            "claims": [
                {
                    "hypothesis": one.claim.hypothesis,
                    "task": one.claim.task,
                    "score": one.claim.score,
                    "beside": one.claim.beside,
                    "mean_difference": one.test.mean,
                    "interval": one.test.interval,
                    "p_value": one.test.p_value,
                    "p_value_holm": one.adjusted,
                    "verdict": one.verdict,
                    **({"matched_by": one.matched_by} if one.matched_by else {}),
                    "control_mean_difference": one.control.mean,
                    "control_interval": one.control.interval,
                }
                for one in self.tested
            ],
            "seed": self.seeds[0],
            "seeds": list(self.seeds),
            **self.settings,
        }

    def report(self) -> str:
        """Return Markdown tables of the claims and of the scores of all variants."""

        lines = [
            "| hypothesis | looked at in | mean difference [95 %] | p (Holm) | verdict | without recurrence |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for one in self.tested:
            p = f"{one.adjusted:.2g}" if one.adjusted >= 0.0001 else "< 0.0001"
            what = _what(one.claim.task, one.claim.score) + (f", {_words(one.claim.beside)}" if one.claim.beside else "")
            what += f" (twin matched by {one.matched_by})" if one.matched_by else ""
            cells = (one.claim.hypothesis, what, _with_interval(one.test), p, one.verdict, _with_interval(one.control))
            lines.append(f"| {' | '.join(cells)} |")
        kinds = self.networks
        names = " | ".join(_named(*kind) for kind in kinds)
        lines += ["", f"| mean over seeds | {names} |", "| --- |" + " --- |" * len(kinds)]
        for task in dict.fromkeys(run.task for run in self.scores):
            kind = TASKS[task].kind
            further = (name for name in self.settings.get("further_scores", ()) if kind in SCORES[name].kinds)
            for score in dict.fromkeys((*_SHOWN[kind], *further)):
                means = [Row(score, "", self.values(task, *kind, score), bounds_of(score)).cell for kind in kinds]
                lines.append(f"| {_what(task, score)} | {' | '.join(means)} |")
        lines += [f"\n{line}" for line in self.unmatched]
        notes = [f"In brackets: {INTERVAL}."]
        if any(one.claim.margin for one in self.tested):
            notes.append(
                "Of an equivalence the table has the distance of the difference to the nearer bound, positive within."
            )
        return "\n".join([*lines, "", *notes, ""])

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder`, and return the text with their location."""
        from hrsnn.analysis.figures import differences_in_pairs, scores_over_seeds
        from hrsnn.presets import VARIANTS

        drawn = {task: _SHOWN[TASKS[task].kind][0] for task in dict.fromkeys(run.task for run in self.scores)}
        panels = {
            _what(task, score): {
                _named(variant, control): self.values(task, variant, control, score) for variant, control in self.networks
            }
            for task, score in drawn.items()
        }
        bounds = {_what(task, score): bounds_of(score) for task, score in drawn.items()}
        names = [f"{one.claim.hypothesis}, {_what(one.claim.task, one.claim.score)}" for one in self.tested]
        verdicts = differences_in_pairs(names, [one.test for one in self.tested], [one.verdict for one in self.tested])
        pictures = {"seeds": scores_over_seeds(panels, bounds, highlighted=len(VARIANTS)), "claims": verdicts}
        files = {"table.csv": table(self.rows(), self.seeds), "report.md": self.report()}
        return report.write_outcome(self, folder, self.spec, pictures, files, formats=formats)


def _named(variant: str, control: str) -> str:
    return variant + _SUFFIXES[control]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _what(task: str, score: str) -> str:
    return f"{task}: {_words(score)}"


def _with_interval(test: PairedTest) -> str:
    low, high = test.interval
    return f"{test.mean:+.3g} [{low:+.3g}, {high:+.3g}]"
