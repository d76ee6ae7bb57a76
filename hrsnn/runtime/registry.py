"""Registries: what each name stands for, in this package and in installed packages that add to it."""

from __future__ import annotations

import contextlib
import difflib
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from hrsnn.errors import HrsnnError, HrsnnWarning, InputError, shortened

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Mapping from names to entries of one type, which are imported when they are looked up.

    The names are those of this package, in their order; those of installed packages, from the entry points of `group`,
    sorted; and those added in this process. Names of this package cannot be replaced.

    Parameters
    ----------
    what : str
        What the entries are, as error messages name it: "engine".
    group : str
        Group of the entry points: "hrsnn.engines".
    kind : type
        Type of every entry.
    own : mapping of str to str
        Name to ``"module:attribute"``.
    others : sequence of str
        Names that are allowed where one of an entry is, for messages: "auto".

    Notes
    -----
    Entries of other packages are found in worker processes too; those of :meth:`add` are in this process only.

    Examples
    --------
    >>> from pathlib import PurePath
    >>> registry = Registry("folder", "example.folders", PurePath, {})
    >>> registry.add("here", PurePath("."))
    >>> list(registry), registry.find("here").name
    (['here'], '')
    """

    def __init__(
        self, what: str, group: str, kind: type[Entry], own: Mapping[str, str], others: tuple[str, ...] = ()
    ) -> None:
        self.what, self.group, self._kind, self._own, self._others = what, group, kind, own, others
        self._added: dict[str, Entry] = {}
        self._warned: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._installed
        yield from self._added

    def __len__(self) -> int:
        return len(self._own) + len(self._installed) + len(self._added)

    def __contains__(self, name: object) -> bool:
        # entry points are searched only for names that are not of this package: it takes some 10 ms
        return isinstance(name, str) and (name in self._own or name in self._added or name in self._installed)

    def __getitem__(self, name: str) -> Entry:
        if name in self._added:
            return self._added[name]
        if name in self._own:
            module, attribute = self._own[name].split(":")
            return self._of_the_type(name, getattr(import_module(module), attribute))
        if name not in self._installed:
            raise KeyError(name)
        point = self._installed[name]
        package = point.dist.name if point.dist is not None else point.value
        try:
            entry = point.load()
        except Exception as error:
            reason = f"of the package {package} cannot be loaded: {type(error).__name__}: {shortened(str(error), 200)}"
            raise InputError(self.what, name, reason) from error
        return self._of_the_type(name, entry)

    @property
    def own_names(self) -> tuple[str, ...]:
        """Names of this package, without those of installed packages."""
        return tuple(self._own)

    def find(self, name: str) -> Entry:
        """Return the entry of a name.

        Raises
        ------
        InputError
            For an unknown name, with the nearest known one; or when the entry cannot be loaded.
        """
        self.check(name)
        return self[name]

    def check(self, name: str) -> None:
        """Check that there is an entry of this name, without loading it.

        Raises
        ------
        InputError
            For an unknown name, with the nearest known one.
        """
        if name not in self:
            known = [*self._others, *self]
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError(self.what, name, f"{hint}must be one of {', '.join(known)}")

    def loadable(self) -> dict[str, Entry]:
        """Return all entries that can be loaded; warn once of the others, which only other packages can have."""
        found = {}
        for name in self:
            try:
                found[name] = self[name]
            except HrsnnError as error:
                if name not in self._warned:
                    self._warned.add(name)
                    warnings.warn(str(error), HrsnnWarning, stacklevel=2)
        return found

    def where(self, wanted: Callable[[Entry], object]) -> dict[str, Entry]:
        """Return the loadable entries for which `wanted` is true, by name."""
        return {name: entry for name, entry in self.loadable().items() if wanted(entry)}

    def add(self, name: str, entry: Entry) -> None:
        """Add an entry in this process.

        Raises
        ------
        InputError
            When the name is taken, or the entry is not of the type of this registry.
        """
        if name in self:
            raise InputError(self.what, name, "is already the name of one")
        self._added[name] = self._of_the_type(name, entry)

    @contextlib.contextmanager
    def added(self, name: str, entry: Entry) -> Iterator[Entry]:
        """Add an entry for the duration of a ``with`` block."""
        self.add(name, entry)
        try:
            yield entry
        finally:
            del self._added[name]

    @cached_property
    def _installed(self) -> dict[str, EntryPoint]:
        found: dict[str, EntryPoint] = {}
        for point in sorted(entry_points(group=self.group)):
            if point.name in self._own or point.name in self._others:
                package = point.dist.name if point.dist is not None else point.value
                text = f"{self.what} {point.name!r} of the package {package} is not used: hrsnn has one of that name"
                warnings.warn(text, HrsnnWarning, stacklevel=3)
            else:
                found[point.name] = point
        return found

    def _of_the_type(self, name: str, entry: object) -> Entry:
        if not isinstance(entry, self._kind):
            raise InputError(self.what, name, f"must be of type {self._kind.__name__}, not {type(entry).__name__}")
        return entry
