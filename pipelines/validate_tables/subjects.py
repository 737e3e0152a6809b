"""Rules on ADSL, and on what other datasets have in common with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from pipelines.validate_tables.checks import Fact, GroupCheck, RowCheck, count_checks
from pipelines.validate_tables.datasets import Dataset
from pipelines.validate_tables.findings import OWN, Finding, Rule

__all__ = ["SUBJECT_RULES", "across_datasets", "subject_checks"]

ONE_ROW = Rule(id="NC040", title="ADSL has one row a subject.", cites="AD0054, IG 3.2")
TREATED_ORDER = Rule(id="NC041", title="TRTEDT is not before TRTSDT.", cites=OWN)
TREATED_DAYS = Rule(id="NC042", title="TRTDURD is TRTEDT - TRTSDT + 1.", cites="IG 3.2")
SAFE_IS_TREATED = Rule(
    id="NC043", title="A subject of the safety population has TRTSDT.", cites="IG 3.2"
)
END_REASON = Rule(
    id="NC044", title="A reason of discontinuation is there for who discontinued only.", cites=OWN
)
END_ORDER = Rule(id="NC045", title="EOSDT is not before TRTSDT.", cites=OWN)
AGE_UNIT = Rule(id="NC046", title="AGEU is there where AGE is.", cites="IG 3.2")
AGE_RANGE = Rule(id="NC047", title="AGE is from 0 to 130 years.", cites=OWN)
BODY_MASS = Rule(
    id="NC048", title="BMIBL is WEIGHTBL (kg) by the square of HEIGHTBL (m).", cites=OWN
)
TREATMENT_ARM = Rule(id="NC049", title="TRT01P is there for who is randomised.", cites="IG 3.2")
KNOWN_SUBJECT = Rule(
    id="NC050", title="Every subject of a dataset is in ADSL.", cites="AD0053, IG 2.3.1"
)
SAME_VALUE = Rule(
    id="NC051",
    title="A variable of ADSL has the same value for the subject in other datasets.",
    cites="IG 3.1.1",
)
SAME_TREATMENT = Rule(
    id="NC052", title="The treatment of a record is that of the subject.", cites="IG 3.3.2"
)
ONE_STUDY = Rule(id="NC053", title="STUDYID is the same in all datasets.", cites=OWN)
DEATH = Rule(id="NC054", title="DTHFL is Y for who has a fatal adverse event.", cites=OWN)

SUBJECT_RULES: Final = (
    *(ONE_ROW, TREATED_ORDER, TREATED_DAYS, SAFE_IS_TREATED, END_REASON, END_ORDER, AGE_UNIT),
    *(AGE_RANGE, BODY_MASS, TREATMENT_ARM, KNOWN_SUBJECT, SAME_VALUE, SAME_TREATMENT, ONE_STUDY),
    DEATH,
)

_OLDEST_Y: Final = 130
_BMI_ROUNDING: Final = 0.06  # kg/m^2: half of the last digit of a BMI with one decimal, and of both
_REASONS: Final = (("EOSSTT", "DCSREAS"), ("EOTSTT", "DCTREAS"))
_SHARED: Final = (
    *("SUBJID", "SITEID", "AGE", "AGEGR1", "AGEGR1N", "AGEU", "SEX", "RACE", "RACEN", "ETHNIC"),
    *("TRTSDT", "TRTEDT", "SAFFL", "ITTFL", "EFFFL", "COMP24FL", "VARIANT", "VARIANTN", "ARM"),
)
_TREATMENTS: Final = (
    *(("TRTP", "TRT01P"), ("TRTPN", "TRT01PN"), ("TRTA", "TRT01A"), ("TRTAN", "TRT01AN")),
)


def subject_checks(dataset: Dataset) -> Iterator[Fact | RowCheck | GroupCheck]:
    """Yield the rules on ADSL alone.

    Parameters
    ----------
    dataset
        ADSL.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> checks = subject_checks(dataset_of("adsl", pl.DataFrame({"USUBJID": ["a"]})))
    >>> [check.rule.id for check in checks]
    ['NC040']
    """
    if dataset.has("USUBJID"):
        yield GroupCheck(
            rule=ONE_ROW,
            variable="USUBJID",
            key=("USUBJID",),
            broken=pl.col("n") > 1,
            allowed="one row a subject; delete the others",
        )
    start, end = pl.col("TRTSDT"), pl.col("TRTEDT")
    if dataset.has("TRTSDT", "TRTEDT"):
        yield RowCheck(
            rule=TREATED_ORDER,
            variable="TRTEDT",
            broken=end < start,
            allowed="a date from TRTSDT on",
        )
        if dataset.has("TRTDURD"):
            yield RowCheck(
                rule=TREATED_DAYS,
                variable="TRTDURD",
                broken=pl.col("TRTDURD") != (end - start).dt.total_days() + 1,
                allowed="TRTEDT - TRTSDT + 1 days",
            )
    if dataset.has("TRTSDT", "SAFFL"):
        yield RowCheck(
            rule=SAFE_IS_TREATED,
            variable="TRTSDT",
            broken=(pl.col("SAFFL") == "Y") & start.is_null(),
            allowed="a date where SAFFL is Y",
        )
    for status, reason in _REASONS:
        if dataset.has(status, reason):
            left = pl.col(status) == "DISCONTINUED"
            yield RowCheck(
                rule=END_REASON,
                variable=reason,
                broken=left != pl.col(reason).is_not_null(),
                allowed=f"a reason where {status} is DISCONTINUED, missing elsewhere",
            )
    yield from _subject_values(dataset)


def _subject_values(dataset: Dataset) -> Iterator[RowCheck]:
    if dataset.has("EOSDT", "TRTSDT"):
        yield RowCheck(
            rule=END_ORDER,
            variable="EOSDT",
            broken=pl.col("EOSDT") < pl.col("TRTSDT"),
            allowed="a date from TRTSDT on",
        )
    if dataset.has("AGE", "AGEU"):
        yield RowCheck(
            rule=AGE_UNIT,
            variable="AGEU",
            broken=pl.col("AGE").is_not_null() & pl.col("AGEU").is_null(),
            allowed="the unit of AGE",
        )
        years = (pl.col("AGE") < 0) | (pl.col("AGE") > _OLDEST_Y)
        yield RowCheck(
            rule=AGE_RANGE,
            variable="AGE",
            broken=(pl.col("AGEU") == "YEARS") & years,
            allowed=f"0 to {_OLDEST_Y} years",
        )
    if dataset.has("BMIBL", "HEIGHTBL", "WEIGHTBL"):
        index = pl.col("WEIGHTBL") / (pl.col("HEIGHTBL") / 100) ** 2
        yield RowCheck(
            rule=BODY_MASS,
            variable="BMIBL",
            broken=(pl.col("BMIBL") - index).abs() > _BMI_ROUNDING,
            allowed="weight / height^2, to its rounding",
        )
    if dataset.has("TRT01P", "ITTFL"):
        yield RowCheck(
            rule=TREATMENT_ARM,
            variable="TRT01P",
            broken=(pl.col("ITTFL") == "Y") & pl.col("TRT01P").is_null(),
            allowed="a treatment where ITTFL is Y",
        )


def across_datasets(
    dataset: Dataset, datasets: Mapping[str, Dataset], rules: Collection[str] | None = None
) -> Iterator[Finding]:
    """Yield the findings of a dataset that need ADSL or another one beside it.

    Parameters
    ----------
    dataset
        The dataset.
    datasets
        All of them.
    rules
        Ids of the rules that count, all if None.

    Examples
    --------
    >>> from pipelines.validate_tables.datasets import dataset_of
    >>> adsl = dataset_of("adsl", pl.DataFrame({"USUBJID": ["a"]}))
    >>> adae = dataset_of("adae", pl.DataFrame({"USUBJID": ["b"]}))
    >>> [one.rule.id for one in across_datasets(adae, {"ADSL": adsl, "ADAE": adae})]
    ['NC050']
    """
    subjects = datasets.get("ADSL")
    if subjects is None or not subjects.has("USUBJID") or not dataset.has("USUBJID"):
        return
    if dataset is subjects:
        if rules is None or DEATH.id in rules:
            yield from _deaths(subjects, datasets.get("ADAE"))
        return
    shared = [name for name in _SHARED if dataset.has(name) and subjects.has(name)]
    is_crossover = subjects.has("TRT02P")
    pairs = [
        (mine, theirs)
        for mine, theirs in _TREATMENTS
        if dataset.has(mine) and subjects.has(theirs) and not is_crossover
    ]
    theirs = [*shared, *(name for _, name in pairs)]
    beside = subjects.frame.select(
        "USUBJID",
        pl.lit(value=True).alias("in ADSL"),
        *(pl.col(name).alias(f"ADSL.{name}") for name in dict.fromkeys(theirs)),
    ).unique("USUBJID", keep="first")
    joined = replace(
        dataset, frame=dataset.frame.join(beside, on="USUBJID", how="left", maintain_order="left")
    )
    known = pl.col("in ADSL").is_not_null()
    checks = [
        RowCheck(
            rule=KNOWN_SUBJECT,
            variable="USUBJID",
            broken=pl.col("USUBJID").is_not_null() & ~known,
            allowed="subjects of ADSL; add the subject there or drop its rows",
        )
    ]
    for name, other in (*((name, name) for name in shared), *pairs):
        same = pl.col(name).eq_missing(pl.col(f"ADSL.{other}"))
        checks.append(
            RowCheck(
                rule=SAME_VALUE if name == other else SAME_TREATMENT,
                variable=name,
                broken=known & ~same,
                allowed=f"the value of ADSL.{other}; copy it again",
            )
        )
    yield from count_checks(joined, checks, rules)
    if rules is None or ONE_STUDY.id in rules:
        yield from _study(dataset, subjects)


def _study(dataset: Dataset, subjects: Dataset) -> Iterator[Finding]:
    if not (dataset.has("STUDYID") and subjects.has("STUDYID")):
        return
    names = set(subjects.frame.select("STUDYID").unique().collect()["STUDYID"].drop_nulls())
    study = pl.col("STUDYID")
    check = RowCheck(
        rule=ONE_STUDY,
        variable="STUDYID",
        broken=study.is_not_null() & ~study.is_in(sorted(names)),
        allowed="the study of ADSL",
    )
    yield from count_checks(dataset, [check])


def _deaths(subjects: Dataset, events: Dataset | None) -> Iterator[Finding]:
    if events is None or not events.has("USUBJID", "AESDTH") or not subjects.has("DTHFL"):
        return
    died = (events.frame.filter(pl.col("AESDTH") == "Y").select("USUBJID").unique().collect())[
        "USUBJID"
    ]
    check = RowCheck(
        rule=DEATH,
        variable="DTHFL",
        broken=pl.col("USUBJID").is_in(died.implode())
        & ~(pl.col("DTHFL") == "Y").fill_null(value=False),
        allowed="Y where an adverse event was fatal",
    )
    yield from count_checks(subjects, [check])
