"""Results that are tables, as pandas has them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hrsnn.display.displayed import Displayed
from hrsnn.errors import HrsnnError

if TYPE_CHECKING:
    import pandas


class Tabular(Displayed):
    """Result with a table of its own."""

    @abstractmethod
    def table(self) -> Mapping[str, Any]:
        """Return the columns of the table by name, all of one length."""

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
