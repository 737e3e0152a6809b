"""Rules on names, labels, types, and on which variables are there."""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.schema.columns import N_LABEL_CHARACTERS, N_NAME_CHARACTERS
from pipelines.validate_tables.checks import Fact, RowCheck
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import Rule

__all__ = ["REQUIRED", "STRUCTURE_RULES", "has_root", "structure_checks"]

DATASET_NAME = Rule(
    id="NC001", title="A dataset has a name that a transport file can hold.", cites="SAS V5"
)
DATASET_LABEL = Rule(
    id="NC002", title="A dataset has a label of at most 40 ASCII characters.", cites="SAS V5"
)
VARIABLE_NAME = Rule(
    id="NC003",
    title="A variable has a name of at most 8 letters, digits and underscores, a letter first.",
    cites="AD0014, IG 3.1.1",
)
VARIABLE_LABEL = Rule(
    id="NC004",
    title="A variable has a label of at most 40 ASCII characters.",
    cites="IG 3.1.1",
)
REQUIRED_VARIABLE = Rule(
    id="NC005",
    title="Required variables are there.",
    cites="AD0047, AD0051, AD0194, IG 3.2 and 3.3",
)
REQUIRED_VALUE = Rule(
    id="NC006", title="Required variables are filled on every row.", cites="AD0194, IG 3.2 and 3.3"
)
EXPOSURE_START = Rule(id="NC007", title="ADSL has TRTSDT or TRTSDTM.", cites="AD0061, IG 3.2")
VALUE_THERE = Rule(id="NC008", title="A BDS dataset has AVAL or AVALC.", cites="IG 3.3")
SECONDARY = Rule(
    id="NC009",
    title="A secondary variable (numeric twin, flag of a criterion) comes with its primary.",
    cites="AD0070, IG 3.1.1",
)
DATE_TYPE = Rule(
    id="NC010", title="A variable that ends in DT holds dates.", cites="AD0041, IG 3.1.2"
)
DATETIME_TYPE = Rule(
    id="NC011", title="A variable that ends in DTM holds datetimes.", cites="AD0060, IG 3.1.2"
)
FLAG_TYPE = Rule(
    id="NC012", title="A variable that ends in FL is character, in FN numeric.", cites="IG 3.1.4"
)
NUMBER_TYPE = Rule(
    id="NC013", title="A variable that is a number in ADaM is numeric.", cites="IG 3.2 and 3.3"
)
TREATMENT_THERE = Rule(
    id="NC014", title="A dataset of records names a treatment.", cites="IG 3.3.2"
)

STRUCTURE_RULES: Final = (
    *(DATASET_NAME, DATASET_LABEL, VARIABLE_NAME, VARIABLE_LABEL),
    *(REQUIRED_VARIABLE, REQUIRED_VALUE, EXPOSURE_START, VALUE_THERE, SECONDARY),
    *(DATE_TYPE, DATETIME_TYPE, FLAG_TYPE, NUMBER_TYPE, TREATMENT_THERE),
)

REQUIRED: Final = {
    "SUBJECT LEVEL ANALYSIS DATASET": (
        *("STUDYID", "USUBJID", "SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ARM", "TRT01P"),
    ),
    "BASIC DATA STRUCTURE": ("STUDYID", "USUBJID", "PARAM", "PARAMCD"),
    "OCCURRENCE DATA STRUCTURE": ("STUDYID", "USUBJID"),
    "ADAM OTHER": ("STUDYID", "USUBJID"),
}
"""Variables that each class of datasets has, filled on every row (AGE may be missing)."""

_ADVERSE_EVENTS = ("AETERM", "AEDECOD", "AEBODSYS", "AESEQ")
_MAY_BE_MISSING = frozenset({"AGE", "AGEU", "RACE", "ARM", "AEBODSYS"})
_NAME = re.compile(rf"[A-Z][A-Z0-9_]{{0,{N_NAME_CHARACTERS - 1}}}")
_DATASET_NAME = re.compile(rf"[A-Z][A-Z0-9_]{{0,{N_NAME_CHARACTERS - 1}}}")
_NUMBERS = frozenset(
    (
        *("AGE", "AVAL", "BASE", "CHG", "PCHG", "R2BASE", "AVISITN", "PARAMN", "ADY", "ASTDY"),
        *("AENDY", "CNSR", "AWTARGET", "AWTDIFF", "TRTDURD", "ASEQ", "AESEQ", "TRT01PN", "TRTPN"),
        *("TRTAN", "ADURN", "BMIBL", "HEIGHTBL", "WEIGHTBL", "SRCSEQ"),
    )
)
_NO_TWINS = frozenset({"ADURN"})  # a duration, whose primary is itself
_TREATMENTS = ("TRTP", "TRTA", "TRT01P", "TRT01A", "ARM", "TRTSEQP", "TRTSEQA")


def structure_checks(dataset: Dataset) -> Iterator[Fact | RowCheck]:
    """Yield the rules on names, labels, types and presence.

    Parameters
    ----------
    dataset
        The dataset.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> found = structure_checks(dataset_of("adlb_of_2020", pl.DataFrame({"usubjid": ["a"]})))
    >>> [one.rule.id for one in found][:2]
    ['NC001', 'NC003']
    """
    yield from _names(dataset)
    yield from _presence(dataset)
    yield from _roots(dataset)
    yield from _types(dataset)


def _names(dataset: Dataset) -> Iterator[Fact]:
    if not _DATASET_NAME.fullmatch(dataset.name):
        yield Fact(
            rule=DATASET_NAME,
            variable="",
            shown=dataset.name,
            allowed="at most 8 letters, digits and underscores, a letter first; rename it",
        )
    allowed = f"1 to {N_LABEL_CHARACTERS} ASCII characters; shorten or write it"
    if dataset.label is not None and not _fits(dataset.label):
        yield Fact(rule=DATASET_LABEL, variable="", shown=repr(dataset.label), allowed=allowed)
    for name in dataset.schema:
        if not _NAME.fullmatch(name):
            yield Fact(
                rule=VARIABLE_NAME,
                variable=name,
                shown=name,
                allowed="at most 8 letters A-Z, digits and underscores, a letter first; rename it",
            )
        if dataset.labels is not None and not _fits(dataset.labels.get(name, "")):
            yield Fact(
                rule=VARIABLE_LABEL,
                variable=name,
                shown=repr(dataset.labels.get(name, "")),
                allowed=allowed,
            )


def _fits(label: str) -> bool:
    return label.isascii() and 0 < len(label.strip()) <= N_LABEL_CHARACTERS


def _presence(dataset: Dataset) -> Iterator[Fact | RowCheck]:
    required = REQUIRED[dataset.structure or "ADAM OTHER"]
    if dataset.name == "ADAE":
        required = (*required, *_ADVERSE_EVENTS)
    for name in required:
        if not dataset.has(name):
            yield Fact(
                rule=REQUIRED_VARIABLE,
                variable=name,
                shown="absent",
                allowed="the variable is required; add it",
            )
        elif name not in _MAY_BE_MISSING:
            yield RowCheck(
                rule=REQUIRED_VALUE,
                variable=name,
                broken=pl.col(name).is_null(),
                allowed="no missing values; fill them",
            )
    if dataset.structure == "SUBJECT LEVEL ANALYSIS DATASET":
        if not dataset.has("TRTSDT") and not dataset.has("TRTSDTM"):
            yield Fact(rule=EXPOSURE_START, variable="TRTSDT", shown="absent", allowed="add TRTSDT")
    elif not any(dataset.has(name) for name in _TREATMENTS):
        yield Fact(
            rule=TREATMENT_THERE,
            variable="TRTP",
            shown="absent",
            allowed=f"one of {', '.join(_TREATMENTS)}; add TRTP or TRTA",
        )
    if dataset.structure == "BASIC DATA STRUCTURE" and not (
        dataset.has("AVAL") or dataset.has("AVALC")
    ):
        yield Fact(rule=VALUE_THERE, variable="AVAL", shown="absent", allowed="add AVAL or AVALC")


def _roots(dataset: Dataset) -> Iterator[Fact]:
    for name in dataset.schema:
        root = has_root(name)
        if root and not dataset.has(root):
            yield Fact(
                rule=SECONDARY,
                variable=name,
                shown=f"{root} is absent",
                allowed=f"{name} only with {root}; add {root} or drop {name}",
            )


def has_root(name: str) -> str:
    """Return the primary variable that a secondary one needs, empty if it needs none.

    Parameters
    ----------
    name
        Name of the variable.

    Examples
    --------
    >>> has_root("AVISITN"), has_root("CRIT1FL"), has_root("AGE"), has_root("CHG")
    ('AVISIT', 'CRIT1', '', '')
    """
    if name in _NO_TWINS:
        return ""
    for pattern in (
        r"(PARAM|AVISIT|ATPT|TRT\d\d[PA]|TRT[PA]|TRTSEQ[PA]|RACE|ETHNIC|SEX)N",
        r"([A-Z]+GR\d+)N",
        r"(CRIT\d+)FL",
        r"(AVALCAT\d+)N",
    ):
        found = re.fullmatch(pattern, name)
        if found:
            return found.group(1)
    return ""


def _types(dataset: Dataset) -> Iterator[Fact]:
    for name, kind in dataset.schema.items():
        if name.endswith("DTM"):
            rule, is_right, allowed = DATETIME_TYPE, _is_moment(kind), "datetimes"
        elif name.endswith("DT"):
            rule, is_right, allowed = DATE_TYPE, kind == pl.Date, "dates"
        elif name.endswith("FL"):
            rule, is_right, allowed = FLAG_TYPE, _is_text(kind), "characters"
        elif name.endswith("FN"):
            rule, is_right, allowed = FLAG_TYPE, kind.is_numeric(), "numbers"
        elif name in _NUMBERS:
            rule, is_right, allowed = NUMBER_TYPE, kind.is_numeric(), "numbers"
        else:
            continue
        if not is_right and kind != pl.Null:
            yield Fact(
                rule=rule, variable=name, shown=f"type {kind}", allowed=f"{allowed}; convert it"
            )


def _is_moment(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Datetime)


def _is_text(kind: pl.DataType) -> bool:
    return kind == pl.String or isinstance(kind, pl.Enum | pl.Categorical)
