"""The outcome of a command, and the folder that it is written to."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hrsnn._version import __version__
from hrsnn.analysis.scoring.contract import Bounds
from hrsnn.analysis.scoring.registry import unit_of
from hrsnn.errors import FileError
from hrsnn.files.writing import TEMPORARY, made, write_json, write_text, writing
from hrsnn.validation.limits import beyond, limit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.kinds import Network, NetworkSpec

#: Subfolder of an out folder in which a command stores runs, to be resumed.
RUNS = "runs"

#: Formats of pictures, and those that are written unless others are asked for.
FORMATS, PNG = ("png", "svg", "pdf"), ("png",)

#: Words for names in metrics.json that do not say enough by themselves: energies are those of published joules.
_WORDS = {
    "energy_joules": "energy by joules of Loihi",
    "truenorth": "by joules of TrueNorth",
    "spinnaker": "by joules of SpiNNaker",
    "accumulate_45nm": "by additions in 45 nm CMOS",
    "multiply_accumulate_45nm": "by multiply-additions in 45 nm",
}
_PACKAGES = ("numpy", "scipy", "scikit-learn", "brian2", "numba", "networkx", "networkit")


@dataclass(frozen=True, kw_only=True)
class Report:
    """Outcome of one command."""

    #: One line that names the network and the task.
    title: str
    #: Seed of all random numbers.
    seed: int
    #: `spec` and `reservoir`: Simulated network; the reservoir after STDP.
    spec: NetworkSpec
    reservoir: Network
    #: Scores by name.
    scores: Mapping[str, float]
    #: For each score, its baselines by name.
    baselines: Mapping[str, Mapping[str, float]]
    #: Activity of the reservoir: rates in Hz, shares, counts.
    spikes: Mapping[str, float]
    #: Draws the figures, by file name without its ending; called only if there is a folder for them.
    draw: Callable[[], Mapping[str, Figure]]
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: Further content of ``metrics.json``.
    details: Mapping[str, Any] = field(default_factory=dict)
    #: 95 % confidence intervals within this run, for the scores that have one.
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    #: Smallest and largest possible value of scores, where this run knows more than :func:`bounds_of`.
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    #: Functions that write further files into the folder, by their names.
    files: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Readable table of the scores, each followed by its baselines."""
        lines = [self.title]
        for name, value in self.scores.items():
            low, high = self.intervals.get(name, (None, None))
            lines.append(row(name, value) + ("" if low is None else f"  [{low:.4g}, {high:.4g}]"))
            lines += [row(beside, other, name) for beside, other in self.baselines.get(name, {}).items()]
        lines += [activity_row(name, value) for name, value in self.spikes.items()]
        lines += ["in brackets: 95 % interval within this run"] if self.intervals else []
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``; equal for equal seeds."""
        return {
            "scores": self.scores,
            "baselines": self.baselines,
            "spikes": self.spikes,
            "seed": self.seed,
            "versions": versions(),
            **self.details,
            **({"interval": self.intervals} if self.intervals else {}),
        }

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        savers = {f"{self.reservoir.kind}.npz": self.reservoir.save, **self.files}
        return write_outcome(self, folder, self.spec, self.draw(), {"timing.json": self.timing}, savers, formats)


def write_outcome(
    outcome: Outcome,
    folder: Path,
    spec: NetworkSpec | None,
    pictures: Mapping[str, Figure],
    files: Mapping[str, Any],
    savers: Mapping[str, Callable[[Path], None]] | None = None,
    formats: Sequence[str] = PNG,
) -> str:
    """Write the outcome of a command into a folder atomically, and return its text with the location.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
    spec : NetworkSpec or None
        Written as ``spec.toml`` where there is one.
    pictures : mapping of name to figure
        Written as ``NAME.png``, or in other formats.
    files : mapping of file name to content
        Text and bytes are written unchanged, anything else as JSON.
    savers : mapping of file name to function, optional
        Functions that write a file to a given path.
    formats : sequence of {"png", "svg", "pdf"}
        Each picture is written in each of them.

    Raises
    ------
    FileError
        When a file cannot be written.
    """
    from hrsnn.analysis import figures

    with fill_folder(folder) as inside:
        if spec is not None:
            spec.save(inside / "spec.toml")
        write_json(inside / "metrics.json", outcome.metrics())
        for name, content in files.items():
            if isinstance(content, bytes):
                with writing(inside / name) as temporary:
                    temporary.write_bytes(content)
            else:
                (write_text if isinstance(content, str) else write_json)(inside / name, content)
        for name, save in (savers or {}).items():
            save(inside / name)
        for name, figure in pictures.items():
            for ending in formats:
                figures.save(figure, inside / f"{name}.{ending}")
    return f"{outcome.text}\nresults and pictures are in {folder}"


def versions() -> dict[str, str]:
    """Return the versions of the packages that a result depends on, of those that are installed."""
    found = {"hrsnn": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):  # some may be left out: docs/installation.md
            found[name] = metadata.version(name)
    return found


def check(folder: Path) -> None:
    """Check that `folder` can be written, without changing anything.

    Raises
    ------
    FileError
        When it is not a folder, its parent is not a writable folder, or a name is too long.
    """
    try:
        _check(folder)
    except OSError as error:  # the path as a whole is too long, or a loop of symbolic links
        if isinstance(error, FileError):
            raise
        raise FileError(folder, f"cannot be written: {error.strerror or error}") from error
    except ValueError as error:  # a zero byte
        raise FileError(folder, f"cannot be written: {error}") from error


def check_names(path: Path) -> None:
    """Check that no name in a path is longer than the limit.

    Raises
    ------
    FileError
        When a name is too long; the message gives its length.
    """
    longest = max(map(len, path.parts), default=0)
    if longest > limit("name"):
        raise FileError(path, f"has a name of {longest} characters: {beyond('name')}")


def _check(folder: Path) -> None:
    check_names(folder)
    if folder.exists() and not folder.is_dir():
        raise FileError(folder, "is a file; name a folder")
    ground = _ground(folder)
    if not ground.is_dir():
        raise FileError(folder, f"cannot be made: {ground} is a file")
    if not os.access(ground, os.W_OK | os.X_OK):
        raise FileError(folder, f"cannot be written: no permission in {ground}")


def _ground(folder: Path) -> Path:
    """Return the nearest existing folder: `folder` or one of its parents."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


@contextlib.contextmanager
def fill_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; its files are moved to `folder` only once all of them are complete."""
    check(folder)
    with made(folder):
        try:
            temporary = Path(tempfile.mkdtemp(dir=folder, prefix=TEMPORARY))
        except OSError as error:
            raise FileError(folder, f"cannot be written: {error.strerror}") from error
        try:
            yield temporary
            for path in temporary.iterdir():
                if (folder / path.name).is_dir():  # checked before the first file is moved
                    raise FileError(folder / path.name, "is a folder, and a file of that name is to be written")
            for path in sorted(temporary.iterdir()):
                os.replace(path, folder / path.name)
        except FileError as error:
            # the message names the folder that was asked for, not the temporary one
            raise FileError(folder / Path(error.path).name, error.reason) from error
        except OSError as error:
            raise FileError(folder, f"cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def values_of(further: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the values of the network of further scores, each given as ``network`` and ``no_recurrence``."""
    return {name: one["network"] for name, one in further.items()}


def controls_of(further: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the baselines of further scores."""
    return {name: {label: value for label, value in one.items() if label != "network"} for name, one in further.items()}


def joined(baselines: Mapping[str, Mapping[str, float]], more: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the baselines of each score with further ones."""
    return {score: {**one, **more.get(score, {})} for score, one in baselines.items()}


def row(name: str, value: float, of: str = "", unit: str | None = None) -> str:
    """Format a line of a report: name, value and unit.

    Parameters
    ----------
    name : str
    value : float
    of : str
        Score that the line is a baseline of; it is indented then.
    unit : str, optional
        By default that of the score.

    Returns
    -------
    str

    Examples
    --------
    >>> row("mean_rate", 4.25)
    'mean rate                               4.25 Hz'
    >>> row("no_recurrence", 0.5, "accuracy")
    '  no recurrence                          0.5 share'
    """
    words = ("  " if of else "") + _WORDS.get(name, name.replace("_", " "))
    number = f"{value:10d}" if isinstance(value, int) else f"{value:10.4g}"
    return f"{words:34s}{number} {unit_of(of or name) if unit is None else unit}"


def activity_row(name: str, value: float) -> str:
    """Format a line of the activity: spikes are counted per stimulus, be it a sample or a whole series.

    Examples
    --------
    >>> activity_row("spikes_per_neuron", 2.5)
    'spikes per neuron                        2.5 per stimulus'
    """
    return row(name, value, unit="per stimulus" if name == "spikes_per_neuron" else None)


class Outcome(Protocol):
    """Result of a command."""

    @property
    def text(self) -> str:
        """Readable text."""

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""

    def write(self, path: Path, /) -> str:
        """Write all results to `path`, and return the text to print."""


class DrawnOutcome(Outcome, Protocol):
    """Result of a command, with pictures."""

    def write(self, folder: Path, /, formats: Sequence[str] = PNG) -> str:
        """Write all results to a folder, each picture in each of the formats, and return the text to print."""
