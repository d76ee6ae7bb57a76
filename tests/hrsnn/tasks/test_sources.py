"""Data that are fetched, from a server on this machine."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hrsnn.errors import FileError
from hrsnn.tasks import TASKS
from hrsnn.tasks.sources import Source, fetch


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Handler that counts requests instead of printing them."""

    asked: ClassVar[list[str]] = []

    def log_message(self, format: str, *values: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of a server."""
    folder = tmp_path / "served"
    folder.mkdir()
    Quiet.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", folder
        running.shutdown()


def test_files_and_archives_are_where_tasks_look(server: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = server
    (folder / "A.dat").write_bytes(b"1\n2\n")
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.writestr("inner/a.txt", "zip")
    with tarfile.open(folder / "set.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("batches/b.txt")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"tar"))
    known = hashlib.sha256(b"1\n2\n").hexdigest()
    sources = [
        Source(f"{address}/A.dat", "laser/series.dat", known),
        Source(f"{address}/set.zip", "zipped"),
        Source(f"{address}/set.tar.gz", "."),
    ]
    data = tmp_path / "data"
    found = fetch(sources, data)
    assert (data / "laser" / "series.dat").read_bytes() == b"1\n2\n"
    assert (data / "zipped" / "inner" / "a.txt").read_text() == "zip"
    assert (data / "batches" / "b.txt").read_text() == "tar"
    assert [one.known for one in found] == [True, False, False]
    assert [one.sha256 for one in found] == [
        hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("A.dat", "set.zip", "set.tar.gz")
    ]
    archives = len([path for path in Quiet.asked if "set" in path])
    fetch(sources[1:], data)
    assert len([path for path in Quiet.asked if "set" in path]) == archives  # nothing is downloaded twice


@pytest.mark.parametrize(
    ("name", "sha256", "message"),
    [
        ("missing.dat", None, "cannot be downloaded from .*missing"),
        ("A.dat", "0" * 64, "is not the file that is known"),
        ("broken.zip", None, "is damaged or no download"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    name: str, sha256: str | None, message: str, server: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = server
    (folder / "A.dat").write_bytes(b"1")
    (folder / "broken.zip").write_bytes(b"PK no archive")
    with pytest.raises(FileError, match=message) as refused:
        fetch([Source(f"{address}/{name}", f"x/{name}", sha256)], tmp_path / "data")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "data" / "x" / "A.dat").exists()


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be downloaded"):
        fetch([Source("http://127.0.0.1:9/A.dat", "A.dat")], tmp_path)


def test_sources_lead_to_the_layouts_of_their_tasks() -> None:
    for name in TASKS:
        task = TASKS.find(name)
        if task.sources:
            assert task.layout, name
            assert all(source.url.startswith("http") and not source.place.startswith("/") for source in task.sources)
