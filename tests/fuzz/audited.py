"""A command, run twice in this process, with what it compiles, unpickles, starts, connects to and writes.

``python tests/fuzz/audited.py VERB ... --out OUT`` prints events of Python's audit hooks (PEP 578) as JSON on the last line,
each with the first file outside of Python's own library that led to it.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter

#: Events of interest. exec: code is carried out; compile: text becomes code.
EVENTS = (
    "exec",
    "compile",
    "pickle.find_class",
    "marshal.loads",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
)
EVENTS += ("socket.connect", "socket.bind", "socket.getaddrinfo", "ctypes.dlopen", "urllib.Request")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_IMPORT = ("<frozen importlib._bootstrap_external>", "<frozen importlib._bootstrap>")

found: Counter[tuple[str, str, str]] = Counter()


def place(frames: list[str]) -> str:
    """Return the first file of the callers that belongs to a package, from its folder on; empty where an import did it."""
    for name in frames:
        if name in _IMPORT:
            return "import"
        for mark in ("site-packages/", "hrsnn/", "scripts/", "analysis/", "networks/"):
            if f"/{mark}" in name:
                rest = name.rpartition(f"/{mark}")[2]
                return rest if mark == "site-packages/" else mark + rest
    return "python"


def callers() -> list[str]:
    """Return the files of the callers, the nearest first."""
    frame, files = sys._getframe(2), []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back  # type: ignore[assignment]
    return files


def hook(event: str, arguments: tuple[object, ...]) -> None:
    """Count an event."""
    if event in EVENTS:
        detail = ""
        if event == "pickle.find_class":
            detail = f"{arguments[0]}.{arguments[1]}"
        elif event in ("subprocess.Popen", "ctypes.dlopen", "socket.connect", "os.system"):
            detail = str(arguments[0])[:80]
        elif event == "exec":
            detail = getattr(arguments[0], "co_filename", "")
        found[event, place(callers()), detail] += 1
    elif (
        event == "open"
        and isinstance(arguments[2], int)
        and arguments[2] & _WRITING
        and isinstance(arguments[0], (str, bytes))
    ):
        found["write", place(callers()), os.path.realpath(os.fsdecode(arguments[0]))] += 1


def main() -> int:
    """Run the command twice under the hook: what only the first run does is done once in a process, as imports are."""
    from hrsnn import scripts

    sys.addaudithook(hook)
    runs = []
    for turn in ("first", "second"):
        found.clear()
        code = scripts.main([word.replace("OUT", f"out-{turn}") for word in sys.argv[1:]])
        runs.append([[*key, count] for key, count in sorted(found.items())])
    print(json.dumps({"code": code, "first": runs[0], "second": runs[1]}))
    return code


if __name__ == "__main__":
    sys.exit(main())
