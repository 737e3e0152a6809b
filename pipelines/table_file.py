"""One table in one Parquet file, with all that is known of it inside.

`pipelines.model_output` and `pipelines.sbml_output` write their time courses here. The tables of a
trial are streamed from shards (`pipelines.tables`).
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.files import write_atomically
from pipelines.schema import Table, arrow_schema
from pipelines.shards import COMPRESSION_LEVEL

__all__ = ["write_table"]


def write_table(path: Path, table: Table, frame: pl.DataFrame, facts: Mapping[str, str]) -> None:
    """Write a table as Parquet; the file appears whole or not at all.

    Parameters
    ----------
    path
        The file.
    table
        What the columns are.
    frame
        Rows, in the order in which they are written.
    facts
        What the file says of itself beside name, label and meaning of the table.

    Raises
    ------
    OSError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.schema import TABLES, polars_schema
    >>> people = pl.DataFrame(schema=polars_schema(TABLES["adsl"]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "adsl.parquet")
    ...     write_table(path, TABLES["adsl"], people, {"study": "one"})
    ...     pl.read_parquet_metadata(path)["study"]
    'one'
    """

    def write(temporary: Path) -> None:
        frame.lazy().sink_parquet(
            temporary,
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            statistics=True,
            maintain_order=True,
            metadata={
                "name": table.name,
                "label": table.label,
                "meaning": table.meaning,
                **facts,
            },
            arrow_schema=arrow_schema(table),
            engine="streaming",
        )

    write_atomically(path, write)
