"""Pickles of plain data (dictionaries, lists, numbers, text, bytes, numeric arrays), read without unpickling.

The opcodes of the file are interpreted here, those in the table only. No name in the file is imported and nothing is called:
the names of the functions and types by which NumPy's arrays are pickled are recognised as such, and any other is an error.

==========================================  ====================================================================
opcodes                                     meaning
==========================================  ====================================================================
PROTO, FRAME, STOP                          protocol, size of a block, end
MARK                                        start of the items of a list, dictionary or tuple
NONE, NEWTRUE, NEWFALSE, INT, BININT*,      a constant, with its value after the opcode
LONG, LONG1, FLOAT, BINFLOAT
STRING, BINSTRING, SHORT_BINSTRING          bytes of Python 2, here text in Latin-1
UNICODE, BINUNICODE*, SHORT_BINUNICODE      text
BINBYTES*, SHORT_BINBYTES                   bytes
EMPTY_DICT, DICT, SETITEM, SETITEMS         dictionary
EMPTY_LIST, LIST, APPEND, APPENDS           list
EMPTY_TUPLE, TUPLE, TUPLE1 to TUPLE3        tuple
PUT, BINPUT, LONG_BINPUT, MEMOIZE           keep the last value under a number
GET, BINGET, LONG_BINGET                    the value kept under a number
GLOBAL, STACK_GLOBAL                        name of a function or type
REDUCE, BUILD                               call of a function; state of what it returned
==========================================  ====================================================================

Sources: ``pickletools`` of Python (https://docs.python.org/3/library/pickletools.html), which documents every opcode in its
code. Arrays: :mod:`hrsnn.formats.pickled_arrays`.
"""

from __future__ import annotations

import os
import pickletools
from typing import Any

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.pickled_arrays import NAMES, PickledArray, PickledName, PickledType, called, exactly, set_state
from hrsnn.validation.limits import beyond, beyond_memory, limit, readable
from hrsnn.validation.units import takes

#: Largest number of opcodes; a list of 50 000 labels and file names takes 200 000.
_MOST = 3_000_000
#: Bytes of memory for each byte of the file: text in Latin-1 and as bytes, and what is made of it.
_MEMORY = 3
#: Texts above this length, which hold arrays, are not kept for a later reference: they would stay in memory.
_KEPT = 2**16
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, type] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_VALUES = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "BINBYTES8", "SHORT_BINBYTES"),
        *("UNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINUNICODE"),
    )
)
_MARK = object()


@takes()
def read_plain_pickle(path: PathLike) -> Any:
    """Read the value in a pickle of plain data.

    Parameters
    ----------
    path : path
        A pickle of any protocol, of Python 2 or 3.

    Returns
    -------
    dict, list, tuple, str, bytes, int, float, bool, None or ndarray
        Texts of Python 2 are decoded as Latin-1.

    Raises
    ------
    FileError
        When the file is missing, no pickle, truncated, larger than the limits, or holds anything else than such data.

    References
    ----------
    https://docs.python.org/3/library/pickletools.html

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "batch"
    >>> _ = path.write_bytes(b"(dS'labels'\\n(lI3\\naI5\\nas.")
    >>> read_plain_pickle(path)
    {'labels': [3, 5]}
    >>> _ = path.write_bytes(b"cos\\nsystem\\n(S'true'\\ntR.")
    >>> read_plain_pickle(path)
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: /tmp/...: names os.system, which is no plain data: refused
    """
    with open_binary(path) as file, refuse_damaged(path, "pickle of plain data"):
        size = os.fstat(file.fileno()).st_size
        if size > limit("unpacked"):
            raise FileError(
                path, f"has {readable(size)}: must be at most {readable(limit('unpacked'))} (HRSNN_MAX_UNPACKED)"
            )
        if _MEMORY * size > limit("memory"):
            raise FileError(path, beyond_memory(_MEMORY * size))
        machine = _Machine(path)
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if count > _MOST:
                raise FileError(path, f"has over {_MOST} opcodes: holds no arrays of samples")
            machine.step(opcode.name, argument)
        if len(machine.stack) != 1:
            raise ValueError(f"it leaves {len(machine.stack)} values, wanted one")
        return _unwrapped(machine.stack[0])


class _Machine:
    """Stack and numbered values of a pickle that is being read."""

    def __init__(self, path: PathLike) -> None:
        self.path = path
        self.stack: list[Any] = []
        self.kept: dict[int, Any] = {}
        self.open = 0  #: marks on the stack

    def step(self, name: str, argument: Any) -> None:
        """Apply one opcode."""
        stack = self.stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            self.open += 1
            if self.open > limit("nesting"):
                raise ValueError(beyond("nesting"))
            stack.append(_MARK)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            if not isinstance(stack[-1], (str, bytes)) or len(stack[-1]) < _KEPT:
                self.kept[len(self.kept) if argument is None else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.kept[argument])
        elif name in ("TUPLE", "LIST", "DICT"):
            items = self.marked()
            stack.append(tuple(items) if name == "TUPLE" else items if name == "LIST" else _pairs(items))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(self.last(int(name[-1]))))
        elif name in ("APPEND", "APPENDS"):
            items = self.marked() if name == "APPENDS" else self.last(1)
            exactly(list, stack[-1]).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self.marked() if name == "SETITEMS" else self.last(2)
            exactly(dict, stack[-1]).update(_pairs(items))
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            wanted = argument if name == "GLOBAL" else " ".join(exactly(str, one) for one in self.last(2))
            if wanted not in NAMES:
                shown = " ".join(wanted.split()).replace(" ", ".")
                raise FileError(self.path, f"names {shown:.80}, which is no plain data: refused")
            stack.append(PickledName(NAMES[wanted]))
        elif name == "REDUCE":
            function, arguments = self.last(2)
            stack.append(called(exactly(PickledName, function).meaning, exactly(tuple, arguments)))
        elif name == "BUILD":
            (state,) = self.last(1)
            set_state(stack[-1], exactly(tuple, state))
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise FileError(self.path, f"has the pickle opcode {name}, which is no plain data: refused")

    def last(self, count: int) -> list[Any]:
        """Remove and return the last values."""
        values = self.stack[len(self.stack) - count :]
        if len(values) != count or any(one is _MARK for one in values):
            raise ValueError("it takes a value that is not there")
        del self.stack[-count:]
        return values

    def marked(self) -> list[Any]:
        """Remove the last mark, and remove and return the values after it."""
        place = next(k for k in range(len(self.stack) - 1, -2, -1) if k < 0 or self.stack[k] is _MARK)
        if place < 0:
            raise ValueError("it takes a mark that is not there")
        values = self.stack[place + 1 :]
        del self.stack[place:]
        self.open -= 1
        return values


def _pairs(items: list[Any]) -> dict[Any, Any]:
    if not all(isinstance(key, (str, bytes, int)) for key in items[::2]):  # the hash of nested tuples may take forever
        raise TypeError("a key is neither text nor a number")
    return dict(zip(items[::2], items[1::2], strict=True))


def _unwrapped(value: Any) -> Any:
    """Return a value, or what a dictionary holds, with arrays for what they were read as.

    Not deeper: lists that hold each other twice would be copied as often as they can be reached.
    """
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, PickledArray) and value.values is not None:
        return value.values
    if isinstance(value, (PickledArray, PickledType, PickledName)) or value is _MARK:
        raise ValueError("an array has no values")
    return value
