"""Tables of results in an out folder: CSV and, where pandas and pyarrow are installed, Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from hrsnn.files.results import typed


def csv_text(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(names)
    lines.writerows(rows)
    return out.getvalue()


def parquet(name: str, table: str) -> dict[str, Callable[[Path], None]]:
    """Return the function that writes a CSV text as ``NAME.parquet``, by the file's name; nothing without the packages."""
    if find_spec("pandas") is None or find_spec("pyarrow") is None:
        return {}

    def write(path: Path) -> None:
        import pandas

        rows = list(csv.reader(table.splitlines()))
        pandas.DataFrame(typed(rows[0], rows[1:])).to_parquet(path, index=False)

    return {f"{name}.parquet": write}
