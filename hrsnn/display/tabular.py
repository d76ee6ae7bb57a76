"""Results that are tables, as pandas has them."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hrsnn.display.displayed import Displayed
from hrsnn.display.text import columns
from hrsnn.errors import HrsnnError

if TYPE_CHECKING:
    import pandas


#: Rows of a table in a summary.
_SHOWN = 20


class Tabular(Displayed):
    """Result with a table of its own."""

    @abstractmethod
    def table(self) -> Mapping[str, Any]:
        """Return the columns of the table by name, all of one length."""

    def summary(self) -> str:
        """Return the values as text, a line each, and the table below; of a longer table the first rows."""
        found = self.table()
        rows = zip(*([_cell(value) for value in column] for column in found.values()), strict=True)
        shown = list(itertools.islice(rows, _SHOWN + 1))
        more = ["..."] if len(shown) > _SHOWN else []
        return "\n".join((super().summary(), "", *columns([list(found), *shown[:_SHOWN]]), *more))

    def to_frame(self) -> pandas.DataFrame:
        """Return the table as a data frame.

        Raises
        ------
        HrsnnError
            When pandas is not installed; `table` needs none.
        """
        try:
            import pandas
        except ImportError as error:
            raise HrsnnError("to_frame needs pandas: pip install pandas; table() returns it without it") from error
        return pandas.DataFrame(dict(self.table()))


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
