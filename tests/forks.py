"""Python programs for tests, as forks of a process that has imported the libraries already, which takes two seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Libraries only, nothing of this package: a program sees its own environment variables, working folder and PYTHONPATH.
LIBRARIES = """
    numpy scipy.linalg scipy.ndimage scipy.optimize scipy.signal scipy.sparse.linalg scipy.special scipy.stats
    sklearn.gaussian_process sklearn.linear_model sklearn.model_selection sklearn.neural_network sklearn.pipeline
    numba networkx matplotlib.figure matplotlib.backends.backend_agg joblib pydantic tyro
"""
SERVER = textwrap.dedent(
    """
    def serve():
        import atexit, importlib, json, os, runpy, sys, threading, traceback

        def child(request):
            output = [os.open(path, os.O_WRONLY | os.O_CREAT, 0o600) for path in request["output"]]
            nothing = os.open(os.devnull, os.O_RDONLY)
            for handle, number in zip([nothing, *output], range(3)):
                os.dup2(handle, number)
            os.environ.clear()
            os.environ.update(request["environment"])
            os.chdir(request["cwd"])
            kind, program, *words = request["words"]
            sys.path[:] = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *first_path]
            sys.argv = [kind, *words]
            if kind == "-c":
                sys.path.insert(0, "")
                namespace = sys.modules["__main__"].__dict__
                for name in [name for name in namespace if not name.startswith("__")]:
                    del namespace[name]
                exec(compile(program, "<string>", "exec"), namespace)
            else:
                sys.path.insert(0, request["cwd"])
                runpy.run_module(program, run_name="__main__", alter_sys=True)

        def carried_out(request):
            try:
                child(request)
            except SystemExit as stop:
                if stop.code is None or isinstance(stop.code, int):
                    return stop.code or 0
                print(stop.code, file=sys.stderr)
                return 1
            except BaseException:
                traceback.print_exc()
                return 1
            return 0

        for name in sys.argv[1:]:
            importlib.import_module(name)
        first_path = [path for path in sys.path if path not in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        for line in sys.stdin:
            process = os.fork()
            if not process:
                status = carried_out(json.loads(line))
                threading._shutdown()
                atexit._run_exitfuncs()
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                os._exit(status)
            print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)

    serve()
    """
)


class Forks:
    """The process that is forked; a context."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", SERVER, *LIBRARIES.split()]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(
        self, words: Sequence[object], cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``-c CODE ...`` or ``-m MODULE ...`` as ``subprocess.run([sys.executable, *words], capture_output=True)``."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            output = [f"{folder}/stdout", f"{folder}/stderr"]
            request = {"words": list(map(str, words)), "cwd": str(cwd or os.getcwd()), "output": output}
            self._server.stdin.write(json.dumps({**request, "environment": dict(env or os.environ)}) + "\n")
            self._server.stdin.flush()
            status = self._server.stdout.readline()
            assert status, "the server has ended"
            said = [Path(path).read_text() if Path(path).exists() else "" for path in output]
        return subprocess.CompletedProcess(list(map(str, words)), int(status), *said)

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
