"""The patients of a variant as numbers, for statistics that need every patient at once.

Medians, covariance analysis and imputation need values, not sums. Here a patient is an arm, a
number and a place in arrays: some ten times smaller than rows of text. What stays proportional to
the number of patients is capped: `MOST_PATIENTS` of them are taken, the first of each arm.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.periods import scan_subjects

if TYPE_CHECKING:
    from pipelines.adam import TrialFacts

__all__ = ["MOST_PATIENTS", "Roster", "read_roster", "scan_variant", "subject_ranges"]

MOST_PATIENTS: Final = 4_000_000
"""Most patients of a variant, all arms together, whose single values are held in memory."""

_ARM_STEP: Final = 10**12  # above any patient number: nine digits

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roster:
    """Patients of one variant, arms one after another, numbers rising.

    Parameters
    ----------
    frame
        A row a patient: ``arm`` and ``number`` (Int64), and whatever else was asked for.
    keys
        Arm and number in one integer, rising, shape ``(n_patient,)``.
    n_left_out
        Patients beyond `MOST_PATIENTS`.

    Examples
    --------
    >>> roster = Roster.of(pl.DataFrame({"arm": [2, 1, 1], "number": [7, 9, 8]}))
    >>> roster.frame["number"].to_list()
    [8, 9, 7]
    >>> roster.places(np.array([2, 1, 1]), np.array([7, 8, 5])).tolist()
    [2, 0, -1]
    """

    frame: pl.DataFrame
    keys: Integers
    n_left_out: int

    @staticmethod
    def of(frame: pl.DataFrame, most: int = MOST_PATIENTS) -> "Roster":
        """Return the roster of a frame with columns ``arm`` and ``number``."""
        frame = frame.sort("arm", "number")
        n_left_out = max(len(frame) - most, 0)
        if n_left_out:
            rank = pl.int_range(pl.len()).over("arm")
            frame = frame.filter(rank * len(frame) < most * pl.len().over("arm"))
        keys = _keys(frame["arm"].to_numpy(), frame["number"].to_numpy())
        return Roster(frame=frame, keys=keys, n_left_out=n_left_out)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def arm(self) -> Integers:
        """Number of each patient's arm."""
        found: Integers = self.frame["arm"].to_numpy()
        return found

    def places(self, arm: Integers, number: Integers) -> Integers:
        """Return the place of each patient in the roster, -1 for who is not in it."""
        if not len(self.keys):
            return np.full(len(arm), -1)
        keys = _keys(arm, number)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)

    def placed(self, rows: pl.LazyFrame) -> tuple[Integers, pl.DataFrame]:
        """Return the rows of patients in the roster, and the place of each."""
        found = rows.collect(engine="streaming")
        place = self.places(found["arm"].to_numpy(), found["number"].to_numpy())
        if (place < 0).any():
            found = found.filter(pl.Series(place >= 0))
        return place[place >= 0], found


def _keys(arm: Integers, number: Integers) -> Integers:
    return arm.astype(np.int64) * _ARM_STEP + number


def scan_variant(tables: Path, name: str, facts: "TrialFacts", variant: int) -> pl.LazyFrame:
    """Return the rows of one variant of a subject-level table, with the patient as two integers.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    name
        The table.
    facts
        Variants of the trial.
    variant
        Number of the variant, from 1.

    Returns
    -------
    The table with the further columns ``arm`` and ``number``.

    Examples
    --------
    >>> scan_variant.__module__  # run by tests/pipelines/test_roster.py: it reads files
    'pipelines.roster'
    """
    frame = scan_subjects(tables, name)
    if facts.variants:
        frame = frame.filter(pl.col("VARIANTN") == variant)
    arm = {"adsl": "TRT01PN", "adae": "TRTAN"}.get(name, "TRTPN")
    return frame.with_columns(
        arm=pl.col(arm).cast(pl.Int64), number=pl.col("SUBJID").cast(pl.Int64)
    )


def read_roster(
    tables: Path,
    facts: "TrialFacts",
    variant: int,
    *further: pl.Expr,
    only: pl.Expr | None = None,
) -> Roster:
    """Return the patients of a variant.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.
    facts
        Variants of the trial.
    variant
        Number of the variant, from 1.
    further
        Further columns of ADSL.
    only
        Which patients; None for all.

    Examples
    --------
    >>> read_roster.__module__  # run by tests/pipelines/test_roster.py: it reads files
    'pipelines.roster'
    """
    subjects = scan_variant(tables, "adsl", facts, variant)
    if only is not None:
        subjects = subjects.filter(only)
    return Roster.of(subjects.select("arm", "number", *further).collect(engine="streaming"))


def subject_ranges(tables: Path) -> list[pl.Expr]:
    """Return conditions on SUBJID that part the patients; each is met by a few hundred thousand.

    Parameters
    ----------
    tables
        Folder with the subject-level tables.

    Returns
    -------
    One condition for each of the parts. A patient meets one of them, in all arms and variants.

    Notes
    -----
    The bounds are the first patients of the row groups of ADSL, from the statistics in its footer:
    nothing is read, and tables that are sorted like it skip what lies outside.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     pl.DataFrame({"SUBJID": ["3", "4", "7"]}).write_parquet(f"{name}/adsl.parquet")
    ...     len(subject_ranges(Path(name)))
    1
    """
    metadata = pq.read_metadata(tables / "adsl.parquet")
    column = metadata.schema.names.index("SUBJID")
    firsts = set()
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(column).statistics
        if statistics is None or not statistics.has_min_max:
            return [pl.lit(value=True)]
        firsts.add(str(statistics.min))
    bounds = sorted(firsts)[1:]
    subject = pl.col("SUBJID")
    if not bounds:
        return [pl.lit(value=True)]
    inner = [(subject >= low) & (subject < high) for low, high in pairwise(bounds)]
    return [subject < bounds[0], *inner, subject >= bounds[-1]]
