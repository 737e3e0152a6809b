"""Made-up tables with all their summaries, and how tests look things up in them. Not a test."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from made_trial import write_tables

from pipelines.adam import TrialFacts
from pipelines.tables import _MAKERS


@dataclass(frozen=True)
class Made:
    tables: Path
    facts: TrialFacts
    results: pl.DataFrame

    def read(self, name):
        return pl.read_parquet(self.tables / f"{name}.parquet")

    def rows(self, **wanted):
        frame = self.results
        for column, value in wanted.items():
            same = pl.col(column).is_null() if value is None else pl.col(column) == value
            frame = frame.filter(same)
        return frame

    def stats(self, **wanted):
        """Return the statistics of one group by name; each must be there once."""
        frame = self.rows(**wanted)
        names = frame["stat_name"].to_list()
        assert len(set(names)) == len(names) > 0, (wanted, names)
        return dict(zip(names, frame["stat"], strict=True))


def make(folder, facts, n, **options):
    write_tables(folder, facts, n, **options)
    return finish(folder, facts)


def finish(folder, facts):
    for name, maker in _MAKERS.items():
        if name in facts.tables:
            frame = maker(folder, facts).lazy().collect()
            frame.write_parquet(folder / f"{name}.parquet")
    return Made(tables=folder, facts=facts, results=frame)
