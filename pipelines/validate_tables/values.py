"""Rules on single values: flags, texts, numbers, study days, controlled terms, numeric twins."""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.schema.columns import N_TEXT_BYTES
from pipelines.validate_tables.checks import GroupCheck, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Rule
from pipelines.validate_tables.structure import has_root

__all__ = ["VALUE_RULES", "value_checks"]

FLAG_VALUE = Rule(id="NC020", title="A flag (FL) is Y, N or missing.", cites="AD0005, IG 3.1.4")
NUMERIC_FLAG_VALUE = Rule(
    id="NC021", title="A numeric flag (FN) is 0, 1 or missing.", cites="AD0006, IG 3.1.4"
)
FLAG_TWINS = Rule(
    id="NC022", title="A flag (FL) and its numeric twin (FN) agree.", cites="AD0010, IG 3.1.4"
)
POPULATION_FLAG = Rule(
    id="NC023",
    title="A population flag of ADSL is Y or N on every row.",
    cites="AD0019, AD0023, IG 3.2",
)
RECORD_FLAG = Rule(
    id="NC024",
    title="A flag of records (baseline, analysis, treatment-emergent, first occurrence) is Y or "
    "missing.",
    cites="AD0176, IG 3.3.8",
)
TEXT_LENGTH = Rule(id="NC025", title="A text has at most 200 bytes.", cites="AD0017, IG 3.1.1")
TEXT_ASCII = Rule(id="NC026", title="A text is of printable ASCII characters.", cites="SAS V5")
FINITE = Rule(id="NC027", title="A number is finite or missing.", cites=OWN)
NO_DAY_0 = Rule(id="NC028", title="A study day is not 0.", cites="IG 3.1.2")
WHOLE_DAY = Rule(id="NC029", title="A study day is a whole number.", cites="IG 3.1.2")
TERM = Rule(
    id="NC030",
    title="A value is a term of its codelist, which CDISC does not let be extended.",
    cites="CDISC CT",
)
TWINS = Rule(
    id="NC031",
    title="A variable and its numeric twin (N) go together, one to one.",
    cites="IG 3.1.1",
)
TWIN_FILLED = Rule(
    id="NC032",
    title="A numeric twin (N) is filled where its primary is, and only there.",
    cites="IG 3.1.1",
)

VALUE_RULES: Final = (
    *(FLAG_VALUE, NUMERIC_FLAG_VALUE, FLAG_TWINS, POPULATION_FLAG, RECORD_FLAG, TEXT_LENGTH),
    *(TEXT_ASCII, FINITE, NO_DAY_0, WHOLE_DAY, TERM, TWINS, TWIN_FILLED),
)

_POPULATIONS: Final = re.compile(r"(SAF|ITT|FAS|EFF|PPROT|COMPL|COMP\d+|RAND|ENRL|PKAS|MITT)FL")
_RECORDS: Final = re.compile(r"(ABL|ANL\d\d|ONTRT|TRTEM|AOCC[A-Z0-9]*|LVOT|PREFL|DTH)FL")
_TERMS: Final = {
    "SEX": ("F", "M", "U", "UNDIFFERENTIATED", "INTERSEX"),
    "AGEU": ("YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS"),
    "ETHNIC": ("HISPANIC OR LATINO", "NOT HISPANIC OR LATINO", "NOT REPORTED", "UNKNOWN"),
    "EOSSTT": ("COMPLETED", "DISCONTINUED", "ONGOING"),
    "EOTSTT": ("COMPLETED", "DISCONTINUED", "ONGOING"),
    "AESEV": ("MILD", "MODERATE", "SEVERE"),
    "AESER": ("Y", "N"),
    "AEACN": (
        *("DOSE INCREASED", "DOSE NOT CHANGED", "DOSE RATE REDUCED", "DOSE REDUCED"),
        *("DRUG INTERRUPTED", "DRUG WITHDRAWN", "NOT APPLICABLE", "NOT EVALUABLE", "UNKNOWN"),
    ),
    "AEOUT": (
        *("FATAL", "NOT RECOVERED/NOT RESOLVED", "RECOVERED/RESOLVED"),
        *("RECOVERED/RESOLVED WITH SEQUELAE", "RECOVERING/RESOLVING", "UNKNOWN"),
    ),
    **dict.fromkeys(
        ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESMIE", "AESCONG", "AESCAN", "AESOD"),
        ("Y", "N"),
    ),
}
_DAY: Final = re.compile(r"(A|AST|AEN|TRTS|TRTE|EOS|DTHA?|AESTE?|AEEN)DY")
_OF_PARAMETER: Final = frozenset({"AVISIT", "ATPT", "AVALCAT1"})


def value_checks(dataset: Dataset) -> Iterator[RowCheck | GroupCheck]:
    """Yield the rules on values.

    Parameters
    ----------
    dataset
        The dataset.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> checks = value_checks(dataset_of("adsl", pl.DataFrame({"SAFFL": ["Y"]})))
    >>> [check.rule.id for check in checks]
    ['NC020', 'NC023', 'NC025', 'NC026']
    """
    is_adsl = dataset.structure == "SUBJECT LEVEL ANALYSIS DATASET"
    for name, kind in dataset.schema.items():
        value = pl.col(name)
        if kind == pl.String:
            yield from _text(name, is_adsl=is_adsl)
            yield RowCheck(
                rule=TEXT_LENGTH,
                variable=name,
                broken=value.str.len_bytes() > N_TEXT_BYTES,
                allowed=f"at most {N_TEXT_BYTES} bytes; shorten or split it",
            )
            yield RowCheck(
                rule=TEXT_ASCII,
                variable=name,
                broken=value.str.contains(r"[^\x20-\x7E]"),
                allowed="printable ASCII; write the characters in ASCII",
            )
        elif kind.is_float():
            yield RowCheck(
                rule=FINITE,
                variable=name,
                broken=~value.is_finite(),
                allowed="finite numbers or missing; leave it empty",
            )
        if kind.is_numeric():
            yield from _number(dataset, name)


def _text(name: str, *, is_adsl: bool) -> Iterator[RowCheck]:
    value = pl.col(name)
    known = value.is_not_null()
    if name.endswith("FL"):
        yield RowCheck(
            rule=FLAG_VALUE,
            variable=name,
            broken=known & ~value.is_in(["Y", "N"]),
            allowed="Y, N or missing",
        )
    if is_adsl and _POPULATIONS.fullmatch(name):
        yield RowCheck(
            rule=POPULATION_FLAG,
            variable=name,
            broken=value.is_null() | ~value.is_in(["Y", "N"]),
            allowed="Y or N, never missing",
        )
    if _RECORDS.fullmatch(name):
        yield RowCheck(
            rule=RECORD_FLAG,
            variable=name,
            broken=known & (value != "Y"),
            allowed="Y or missing; leave it empty instead of N",
        )
    if name in _TERMS:
        yield RowCheck(
            rule=TERM,
            variable=name,
            broken=known & ~value.is_in(list(_TERMS[name])),
            allowed=f"one of {', '.join(_TERMS[name])}",
        )


def _number(dataset: Dataset, name: str) -> Iterator[RowCheck | GroupCheck]:
    value = pl.col(name)
    if _DAY.fullmatch(name):
        yield RowCheck(
            rule=NO_DAY_0,
            variable=name,
            broken=value == 0,
            allowed="1 is the day of the reference date, -1 the one before",
        )
        yield RowCheck(
            rule=WHOLE_DAY,
            variable=name,
            broken=value != value.round(),
            allowed="whole numbers; round down",
        )
    if name.endswith("FN"):
        yield RowCheck(
            rule=NUMERIC_FLAG_VALUE,
            variable=name,
            broken=(value != 0) & (value != 1),
            allowed="0, 1 or missing",
        )
        flag = f"{name[:-1]}L"
        if dataset.has(flag):
            said = pl.when(pl.col(flag) == "Y").then(1).when(pl.col(flag) == "N").then(0)
            yield RowCheck(
                rule=FLAG_TWINS,
                variable=name,
                broken=said.is_not_null() & ~value.eq_missing(said),
                allowed=f"1 where {flag} is Y, 0 where it is N",
            )
    root = has_root(name)
    if root and dataset.has(root):
        yield from _twins(dataset, root, name)


def _twins(dataset: Dataset, root: str, twin: str) -> Iterator[RowCheck | GroupCheck]:
    yield RowCheck(
        rule=TWIN_FILLED,
        variable=twin,
        broken=pl.col(twin).is_null() != pl.col(root).is_null(),
        allowed=f"{twin} on the rows where {root} is filled",
    )
    by = ("PARAMCD",) if root in _OF_PARAMETER and dataset.has("PARAMCD") else ()
    both = pl.col(root).is_not_null() & pl.col(twin).is_not_null()
    for one, other in ((root, twin), (twin, root)):
        yield GroupCheck(
            rule=TWINS,
            variable=twin,
            key=(*by, one),
            of={f"values of {other}": pl.col(other).n_unique()},
            broken=pl.col(f"values of {other}") > 1,
            only=both,
            allowed=f"one {other} for each {one}",
        )
