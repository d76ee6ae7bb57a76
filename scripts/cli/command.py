"""The options that all commands share, and how a command runs, reports and fails."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import io
import logging
import os
import re
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar, cast

import tyro

from hrsnn._version import __version__
from hrsnn.errors import MESSAGE, FileError, HrsnnError, HrsnnWarning, InputError, shortened
from hrsnn.files.locks import working_in
from hrsnn.files.writing import to_json
from hrsnn.runtime.clusters import check_cluster
from hrsnn.runtime.left_out import check_installed
from hrsnn.runtime.parallel import one_blas_thread, run_all
from hrsnn.runtime.processes import idle_ones_killed
from hrsnn.runtime.stopping import is_stopping, stopping
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.kept_runs import forget_unused
from hrsnn.scripts.cli.report import FORMATS, PNG, DrawnOutcome, Outcome

if TYPE_CHECKING:
    from hrsnn.kinds import Kind, NetworkSpec
    from hrsnn.spec import ReservoirSpec

Task = TypeVar("Task")
Result = TypeVar("Result")
#: Options, as fields, that describe a network of a kind or say how it is simulated.
OF_NETWORKS = ("network", "spec", "preset", "graph", "set_", "neurons", "variant", "engine")
Flag = tyro.conf.FlagCreatePairsOff[bool]
Cluster = Annotated[str | None, tyro.conf.arg(metavar="ADDRESS", help_behavior_hint="(default: none)")]


def engine_hint(default: str) -> str:
    """Return the names of the engines, those of installed packages too, as a hint in ``--help``."""
    from hrsnn.engines import ENGINES

    return f"(default: {default}; one of auto, {', '.join(ENGINES)})"


def kind_names(default: str) -> str:
    """Return the kinds of networks, those of installed packages too, as a hint in ``--help``."""
    from hrsnn.kinds import KINDS

    return f"(default: {default}; one of {', '.join(KINDS)})"


def preset_names(_: str) -> str:
    """Return the presets of reservoirs as a hint in ``--help``."""
    from hrsnn.presets import PRESETS

    return f"(default: the defaults; of a reservoir one of {', '.join(PRESETS)})"


@dataclass(frozen=True, kw_only=True)
class BaseCommand(ABC):
    """Base class of all commands, with the options for what they print and write."""

    carries_out: ClassVar[bool] = False  #: whether it has a field `rest`, for the arguments of another command

    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: nothing is written)")] = None
    """Folder for results and figures."""

    json: Flag = False
    """Print only a JSON object on standard output."""

    quiet: Flag = False
    """Print no progress and no messages on standard error."""

    version: Flag = False
    """Print the version and exit."""

    @abstractmethod
    def run(self) -> Outcome:
        """Run the command."""

    def carry_out(self) -> Outcome:
        """Carry out the command: a single run, unless a subclass overrides this."""
        return self.run()

    def exit_code(self, outcome: Outcome) -> int:
        """Return the exit code of a run that came to its end: 0, unless the command is a check."""
        return 0

    def own_out(self) -> contextlib.AbstractContextManager[None]:
        """Lock the out folder for this run; raise an error before the work if it cannot be written."""
        if self.out is None:
            return contextlib.nullcontext()
        report.check(self.out)
        return _working(self.out)

    def written(self, outcome: Outcome, folder: Path) -> str:
        """Write an outcome to the out folder, and return the text to print."""
        return outcome.write(folder)

    @classmethod
    def verb(cls) -> str:
        """Return the name of the command, as after ``hrsnn``; empty for one that is not in the list of commands."""
        from hrsnn.scripts import COMMANDS

        return next((verb for verb, name in COMMANDS.items() if name == cls.__name__), "")

    def check(self) -> None:  # noqa: B027
        """Raise an error for bad input before the work."""

    @property
    def progress(self) -> bool:
        """Whether to show progress: only on a terminal, and not when `quiet`."""
        return not self.quiet and sys.stderr.isatty()


@contextlib.contextmanager
def _working(folder: Path) -> Iterator[None]:
    """Lock the out folder for a run; one in which no run was kept keeps no settings that would bind the next command."""
    with working_in(folder, report.RUNS):
        try:
            yield
        finally:
            forget_unused(folder / report.RUNS)


@contextlib.contextmanager
def warnings_only() -> Iterator[None]:
    """Show no messages of this package but warnings, as of many runs of which each has its own."""
    logger = logging.getLogger("hrsnn")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


@dataclass(frozen=True, kw_only=True)
class Draws(BaseCommand):
    """Command whose out folder has pictures."""

    format: Annotated[str, tyro.conf.arg(metavar="NAMES", help_behavior_hint=f"(default: png; of {', '.join(FORMATS)})")] = (
        "png"
    )
    """Formats of the pictures in the out folder, such as png,svg,pdf: each picture in each of them."""

    def own_out(self) -> contextlib.AbstractContextManager[None]:
        """Lock the out folder, after a check of the formats."""
        if picture_formats(self.format) != PNG and self.out is None:
            raise InputError("--format", self.format, "needs --out, the folder for the pictures")
        if self.out is not None:
            check_installed("matplotlib")
        return super().own_out()

    def written(self, outcome: Outcome, folder: Path) -> str:
        """Write an outcome with its pictures to the out folder, and return the text to print."""
        return cast(DrawnOutcome, outcome).write(folder, picture_formats(self.format))


@dataclass(frozen=True, kw_only=True)
class Command(BaseCommand):
    """Base class of the commands on networks, with the options that they share."""

    any_network: ClassVar[bool] = False  #: whether the command takes networks of any kind, or only reservoirs
    without_stdp: ClassVar[str] = ""  #: how to switch STDP off where it is on by default, for messages

    network: Annotated[str, tyro.conf.arg(metavar="KIND", help_behavior_hint=kind_names)] = "reservoir"
    """Kind of network."""

    spec: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: the defaults)")] = None
    """TOML file that describes the network; `hrsnn spec` writes one."""

    preset: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint=preset_names)] = None
    """A named set of parameters; `hrsnn list` has those of each kind of network."""

    graph: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: links are drawn)")] = None
    """Network from a file: a saved reservoir or SciPy's sparse matrix (.npz), GraphML (.graphml), links (.edges, .csv)."""

    set_: Annotated[tuple[str, ...], tyro.conf.arg(name="set", metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Change one parameter of the network, such as tau_exc=4 or tau_m_exc.mean=25."""

    neurons: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: as the spec says)")] = None
    """Number of neurons."""

    variant: Annotated[
        str | None,
        tyro.conf.arg(metavar="{HoNHoS,HeNHoS,HoNHeS,HeNHeS}", help_behavior_hint="(default: as the spec says)"),
    ] = None
    """Homogeneous or heterogeneous neurons (N) and synapses (S), with the same means."""

    seed: int = 0
    """Seed of all random numbers."""

    engine: Annotated[str, tyro.conf.arg(metavar="NAME", help_behavior_hint=engine_hint)] = "auto"
    """Simulation engine; `hrsnn engines` lists what each can simulate."""

    def check(self) -> None:
        """Raise an error before the work: for an unknown engine or one of other networks, a cluster, a network."""
        from hrsnn.engines import check_name, check_runs

        check_name(self.engine)
        check_cluster("--cluster", getattr(self, "cluster", None))
        kind = self.network_spec().kind
        check_runs(self.engine, kind)
        if getattr(self, "plastic", False):
            try:
                check_runs(self.engine, kind, {"plasticity"})
            except InputError as error:
                raise InputError(error.field, error.value, error.allowed + self.without_stdp) from None

    def refuse_network_options(self, reason: str) -> None:
        """Raise an error for an option that describes or simulates a network of a kind, where it has no effect."""
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if one.name in OF_NETWORKS and value != one.default:
                raise InputError(f"--{one.name.rstrip('_')}", value.name if isinstance(value, Path) else value, reason)

    def reservoir_spec(self) -> ReservoirSpec:
        """Return :meth:`network_spec` for a command that takes only reservoirs."""
        from hrsnn.spec import ReservoirSpec

        spec = self.network_spec()
        assert isinstance(spec, ReservoirSpec)
        return spec

    def network_spec(self) -> NetworkSpec:
        """Return the spec from ``--spec`` or ``--preset``, ``--set``, ``--neurons`` and ``--variant``, in this order.

        Raises
        ------
        FileError, SpecError, InputError
            When the kind is unknown or the command does not take it, or the file or a value is invalid.
        """
        from hrsnn.kinds import KINDS

        kind = KINDS.find(self.network)
        if self.network != "reservoir" and not self.any_network:
            raise InputError("--network", self.network, "cannot be used with this command, which takes reservoirs only")
        if self.preset is not None and self.spec is not None:
            raise InputError("--preset", self.preset, "cannot be given with --spec: each is a whole specification")
        changes = {}
        for text in self.set_:
            name, equals, value = text.partition("=")
            if not (name.strip() and equals and value.strip()):
                raise InputError("--set", text, "must be KEY=VALUE")
            changes[name.strip()] = value.strip()
        if self.neurons is not None:
            changes["neurons"] = str(self.neurons)
        if self.graph is not None:
            changes |= self._of_graph()
        spec: NetworkSpec = self.default_spec(kind) if self.spec is None else self._loaded(kind, self.spec)
        if spec.kind != self.network:
            reason = f"its specifications are of the kind {spec.kind!r}: the package that declares it is at fault"
            raise InputError("--network", self.network, reason)
        if self.preset is not None:
            if self.preset not in kind.presets:
                known = f"must be one of {', '.join(kind.presets)}" if kind.presets else f"a {self.network} network has none"
                raise InputError("--preset", self.preset, known)
            spec = spec.updated(dict(kind.presets[self.preset]))
        spec = spec.updated(changes)
        if self.variant is None:
            return spec
        variant: Callable[[str], NetworkSpec] | None = getattr(spec, "variant", None)
        if variant is None:
            raise InputError("--variant", self.variant, f"is of reservoirs; a {self.network} network has none")
        return variant(self.variant)

    def _loaded(self, kind: Kind, path: Path) -> NetworkSpec:
        """Return the spec in a file; an error that names the kind whose specification the file is, if it is another's."""
        from hrsnn.kinds import KINDS

        def loads(name: str) -> bool:
            with contextlib.suppress(HrsnnError):
                KINDS.find(name).spec.load(path)
                return True
            return False

        try:
            spec: NetworkSpec = kind.spec.load(path)
        except HrsnnError:
            for name in KINDS:
                if name != self.network and loads(name):
                    raise InputError("--spec", str(path), f"is of the kind {name}: give --network {name} too") from None
            raise
        return spec

    def _of_graph(self) -> dict[str, str]:
        """Return the parameters of the network in ``--graph``."""
        from hrsnn.files.parsing import toml_text
        from hrsnn.formats.graphs import network_file

        if self.network != "reservoir":
            raise InputError("--graph", str(self.graph), f"is of reservoirs; a {self.network} network has none")
        if self.neurons is not None:
            raise InputError("--neurons", self.neurons, "cannot be given with --graph, which has its own")
        assert self.graph is not None
        return {"graph": toml_text(str(self.graph)), "neurons": str(network_file(self.graph).neurons)}

    def default_spec(self, kind: Kind) -> NetworkSpec:
        """Return the spec without ``--spec``: the defaults of the kind, unless a subclass has others."""
        spec: NetworkSpec = kind.spec()
        return spec


def picture_formats(names: str) -> tuple[str, ...]:
    """Return the formats in a list separated by commas, each once.

    Raises
    ------
    InputError
        For an unknown format, or none.

    Examples
    --------
    >>> picture_formats("svg, png,svg")
    ('svg', 'png')
    """
    found = tuple(dict.fromkeys(name.strip().lower() for name in names.split(",")))
    for name in found:
        if name not in FORMATS:
            near = difflib.get_close_matches(name, FORMATS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError("--format", names, f"{hint}must be of {', '.join(FORMATS)}, separated by commas")
    return found


@dataclass(frozen=True, kw_only=True)
class DrawingCommand(Draws, Command):
    """Command on networks that draws pictures."""


@dataclass(frozen=True, kw_only=True)
class ParallelCommand(DrawingCommand):
    """Command whose runs can be distributed over several processes or machines."""

    jobs: int = 1
    """Number of parallel processes; results do not depend on it."""

    cluster: Cluster = None
    """Dask scheduler (tcp://host:8786) or batch system (slurm, pbs, ...) to run on; all nodes must share the folders."""

    def all_of(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
        """Apply a function to all tasks; return the results in the order of the tasks."""
        return run_all(function, tasks, jobs=self.jobs, cluster=self.cluster, progress=self.progress)


def execute(command: type[BaseCommand], arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Read the options of `command` from `arguments`, run it, print its report, and return the exit code.

    Invalid input gives one line on standard error and exit code 2, Ctrl-C 130, SIGTERM 143, SIGHUP 129; an internal error
    shows its traceback. Without `arguments`, the process is assumed to end with the command.
    """
    prog = prog or Path(sys.argv[0]).name
    try:
        with stopping(prog, last=arguments is None) as stopped, _warning_lines(prog):
            return _done(command, sys.argv[1:] if arguments is None else arguments, prog)
        return stopped.code
    except HrsnnError as error:
        # a note names the task in which the error occurred
        return _fail(prog, " ".join([str(error), *(f"({note})" for note in getattr(error, "__notes__", ())[:1])]), 2)
    except MemoryError as error:
        return _fail(prog, f"not enough memory: {error or 'ask for less'}", 2)


def _done(command: type[BaseCommand], arguments: Sequence[str], prog: str) -> int:
    options = options_of(command, arguments, prog)
    if options is None:
        return 0
    if options.version:
        show(f"hrsnn {__version__}")
        return 0
    options.check()
    # output of libraries must not mix with the JSON object
    printing = contextlib.redirect_stdout(sys.stderr)
    with options.own_out(), printing, notes(prog, options.quiet), one_blas_thread(), idle_ones_killed():
        outcome = options.carry_out()
        text = outcome.text if options.out is None else _written(options, outcome, options.out)
    show(to_json(outcome.metrics()) if options.json else text)
    return options.exit_code(outcome)


def _written(options: BaseCommand, outcome: Outcome, folder: Path) -> str:
    from hrsnn.scripts.methods.page import write_methods

    text = options.written(outcome, folder)
    write_methods(folder, options.verb(), options, outcome)
    return text


def options_of(command: type[BaseCommand], arguments: Sequence[str], prog: str) -> BaseCommand | None:
    """Return the options of a command, or None where the help was asked for, and shown.

    Raises
    ------
    HrsnnError
        When an argument is unknown, missing or of another type.
    """
    complaint = io.StringIO()
    # tyro chooses box characters by the encoding of standard output
    shown = io.TextIOWrapper(io.BytesIO(), encoding=getattr(sys.stdout, "encoding", None) or "utf-8", write_through=True)
    try:
        with _warnings_afterwards(), contextlib.redirect_stdout(shown), contextlib.redirect_stderr(complaint):
            if not command.carries_out:
                return tyro.cli(command, args=list(arguments), prog=prog)
            options, rest = tyro.cli(command, args=list(arguments), prog=prog, return_unknown_args=True)
            changed: BaseCommand = dataclasses.replace(options, rest=tuple(rest))  # type: ignore[call-arg]
            return changed
    except SystemExit as stop:
        if not stop.code:
            shown.seek(0)
            show(shown.read().rstrip())
            return None
    raise HrsnnError(_one_line(complaint.getvalue()))


@contextlib.contextmanager
def _warnings_afterwards() -> Iterator[None]:
    """Show warnings on leaving, where standard error is that of the caller again."""
    kept: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as kept:
            warnings.simplefilter("always", HrsnnWarning)
            yield
    finally:
        for one in kept:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def _one_line(box: str) -> str:
    """Return the message in an error box of tyro: its first part, and the suggested options."""
    parts: list[list[str]] = [[]]
    for line in box.splitlines()[1:]:  # the first is a title
        text = line.strip("│╰╯ ")
        if text.strip("─-"):
            parts[-1].append(text)
        elif text and parts[-1]:  # a rule ends a part
            parts.append([])
    message = " ".join(parts[0]).split(" Got errors:")[0].rstrip(" .")
    message = message.replace("{None}|", "")  # tyro's notation for an optional option
    message = re.sub(r"no type matching (INT|FLOAT) could be instantiated from \['(.*)'\]", _not_a_number, message)
    message = shortened(message, MESSAGE // 2)  # it contains options and values from the user, of any length
    for part in parts:
        if part and part[0].startswith("Perhaps you meant"):
            near = [line.split()[0].rstrip(",") for line in part if line.startswith("--")]
            message += f"; perhaps you meant {' or '.join(dict.fromkeys(near))}"
    return message[:1].lower() + message[1:]


def _not_a_number(match: re.Match[str]) -> str:
    return f"{match[2]!r} is no {'whole number' if match[1] == 'INT' else 'number'}"


def _fail(prog: str, message: str, code: int) -> int:
    print(f"{prog}: {shortened(' '.join(message.split()), MESSAGE - len(prog) - 3)}", file=sys.stderr)
    return code


def show(text: str) -> None:
    """Print to standard output; raise an error for a full disk, but not for a closed pipe."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # the reader, such as `head`, has closed the pipe: discard what Python flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise FileError("standard output", f"cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _warning_lines(prog: str) -> Iterator[None]:
    """Send all warnings to standard error, a line each."""

    def show(message: Warning | str, *about: object, **more: object) -> None:
        if not is_stopping():  # a library may take a signal's exception for an error of its own
            _fail(prog, f"warning: {message}", 0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from libraries: users cannot fix them
        # a worker process whose memory has grown is replaced by another, without loss of results
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        warnings.simplefilter("always", HrsnnWarning)
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def notes(prog: str, quiet: bool) -> Iterator[None]:
    """Send the package's log and all warnings to standard error, a line each; only warnings when `quiet`."""
    log = logging.getLogger("hrsnn")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"{prog}: %(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        with _warning_lines(prog):
            yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
