"""What a rule and a finding are, and the table of findings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["OWN", "Finding", "Rule", "findings_frame"]

OWN: Final = "own"
"""What a rule cites that is in no guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that datasets keep.

    Parameters
    ----------
    id
        Our id.
    title
        What must hold, in one sentence.
    cites
        Conformance rule of ADaM or section of the implementation guide (IG) that says so; ``own``
        where we do.

    Examples
    --------
    >>> Rule(id="NC001", title="Names fit.", cites="IG 3.1.1").id
    'NC001'
    """

    id: str
    title: str
    cites: str = OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken rule.

    Parameters
    ----------
    rule
        The rule.
    dataset, variable
        Where it is broken; the variable is empty where the whole dataset breaks it.
    n_rows
        Rows (or groups of rows) that break it, 0 where it is not about rows.
    first_rows
        The first of them, with their row numbers from 1.
    allowed
        What is allowed, and what to do.

    Examples
    --------
    >>> print(
    ...     Finding(
    ...         rule=Rule(id="NC020", title="One row a subject.", cites="AD0054"),
    ...         dataset="ADSL",
    ...         variable="USUBJID",
    ...         n_rows=2,
    ...         first_rows="row 3: A-01",
    ...         allowed="one row a subject; delete the others",
    ...     )
    ... )
    ADSL.USUBJID: NC020 [AD0054] One row a subject. 2 rows; row 3: A-01; one row a subject; delete \
the others.
    """

    rule: Rule
    dataset: str
    variable: str = ""
    n_rows: int = 0
    first_rows: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        where = f"{self.dataset}.{self.variable}" if self.variable else self.dataset
        said = [f"{where}: {self.rule.id} [{self.rule.cites}] {self.rule.title}"]
        rest = []
        if self.n_rows:
            rest.append("1 row" if self.n_rows == 1 else f"{self.n_rows:,} rows")
        rest += [part for part in (self.first_rows, self.allowed) if part]
        return " ".join([*said, "; ".join(rest) + "."]) if rest else said[0]


def findings_frame(findings: Iterable[Finding]) -> pl.DataFrame:
    """Return findings as a table.

    Parameters
    ----------
    findings
        What was found.

    Examples
    --------
    >>> findings_frame([]).columns
    ['rule', 'cites', 'dataset', 'variable', 'n_rows', 'first_rows', 'title', 'allowed']
    """
    text = pl.String
    return pl.DataFrame(
        [
            {
                "rule": one.rule.id,
                "cites": one.rule.cites,
                "dataset": one.dataset,
                "variable": one.variable,
                "n_rows": one.n_rows,
                "first_rows": one.first_rows,
                "title": one.rule.title,
                "allowed": one.allowed,
            }
            for one in findings
        ],
        schema={
            "rule": text,
            "cites": text,
            "dataset": text,
            "variable": text,
            "n_rows": pl.Int64,
            "first_rows": text,
            "title": text,
            "allowed": text,
        },
    )
