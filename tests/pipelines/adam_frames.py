"""Small valid tables of the stand-in, and ways to spoil them."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import standin

from cohort.trial import trial_event_names
from pipelines.adam import adam_tables
from pipelines.definitions import read_definitions
from pipelines.plan import trial_facts
from pipelines.schema import TABLES
from pipelines.validate_tables import dataset_of

N_PATIENTS = 33


def valid_frames(protocol):
    """Return all tables of two arms, 33 patients each."""
    definitions = read_definitions(protocol.endpoints, trial_event_names(protocol))
    facts = trial_facts(protocol, definitions)
    parts = [
        adam_tables(
            standin.simulate(
                protocol,
                arm.name,
                np.arange(1, N_PATIENTS + 1) + 10_000_000 * number,
                trajectory_ids=frozenset({10_000_004}),
            ),
            arm.name,
            facts,
        )
        for number, arm in enumerate(protocol.arms[:2], start=1)
    ]
    return {name: pl.concat([part[name] for part in parts]) for name in TABLES if name in parts[0]}


def datasets_of(frames, **changed):
    """Return frames as datasets of a run; ``changed`` holds what is said of one table."""
    return {
        name.upper(): dataset_of(
            name,
            frame,
            **{
                "label": TABLES[name].label,
                "labels": {column.name: column.label for column in TABLES[name].columns},
                "metadata": {"simulated": "yes"},
                "table": TABLES[name],
                **changed.get(name, {}),
            },
        )
        for name, frame in frames.items()
    }


def put(column, value, where=None):
    """Set a value in the first row of a condition; without one, in the first row."""

    def change(frame):
        chosen = pl.lit(value=True) if where is None else where
        rows = frame.with_row_index("row").filter(chosen)["row"]
        assert len(rows), "no row to spoil"
        here = pl.int_range(pl.len()) == int(rows[0])
        spoiled = value if isinstance(value, pl.Expr) else pl.lit(value, frame.schema[column])
        return frame.with_columns(
            pl.when(here).then(spoiled).otherwise(pl.col(column)).alias(column)
        )

    return change


def drop(*columns):
    return lambda frame: frame.drop(columns)


def twice(frame):
    return pl.concat([frame[:1], frame])


@dataclass(frozen=True)
class Fault:
    """A planted fault: the table, what is done to it, and the rule that must find it.

    ``foreign`` takes the schema away, as of another trial's file; ``said`` changes what the file
    says of itself; ``found_in`` is another dataset where the fault shows.
    """

    rule: str
    table: str
    variable: str
    change: object = None
    said: dict = field(default_factory=dict)
    foreign: bool = False
    found_in: str = ""

    def __str__(self):
        return f"{self.rule}-{self.table}-{self.variable or 'dataset'}"
