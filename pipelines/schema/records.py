"""Tables of values over time: ADQS, ADLB, ADPC, ADEX, ADTTE (basic data structure of ADaM)."""

from typing import Final

from pipelines.schema.columns import (
    Column,
    Structure,
    Table,
    cdisc_columns,
    count_column,
    date_column,
    flag_column,
    number_column,
    text_column,
)
from pipelines.schema.subjects import RECORD_TREATMENT, SIMULATED_FLAG, SUBJECT_KEY, copied

__all__ = ["ADEX", "ADLB", "ADPC", "ADQS", "ADTTE"]

_BASIC: Final[Structure] = "BASIC DATA STRUCTURE"
_RECORD_KEY = ("TRTPN", "USUBJID", "PARAMCD", "AVISITN")

_EXPOSED = copied("TRTSDT", "TRTEDT", "SAFFL")
_PEOPLE = copied("AGE", "RACE", "SEX", "ITTFL")

_VISIT = cdisc_columns(
    text_column("AVISIT", "Analysis Visit", "Name of the visit.", nullable=False).with_facts(
        origin="Protocol", core="Cond"
    ),
    number_column(
        "AVISITN", "week", "Analysis Visit (N)", "Weeks since the first dose.", nullable=False
    ).with_facts(origin="Protocol", core="Perm"),
    count_column(
        "ADY",
        "Analysis Relative Day",
        "Day of the trial; 1 is the day of the first dose, there is no day 0.",
        "d",
        nullable=False,
    ).with_facts(core="Perm", derivation="ADT - RANDDT + 1; RANDDT is TRTSDT of who is treated."),
    date_column("ADT", "Analysis Date", "Date of the value.", nullable=False).with_facts(
        core="Perm", derivation="RANDDT + ADY - 1."
    ),
)


def _parameter(meaning: str, code: str) -> tuple[Column, ...]:
    return cdisc_columns(
        text_column("PARAM", "Parameter", meaning, nullable=False).with_facts(
            origin="Assigned", core="Req"
        ),
        text_column("PARAMCD", "Parameter Code", code, nullable=False).with_facts(
            length=8, origin="Assigned", core="Req"
        ),
        count_column(
            "PARAMN", "Parameter (N)", "Number of the parameter, from 1.", "", nullable=False
        ).with_facts(origin="Assigned", core="Perm"),
    )


def _values(value: str) -> tuple[Column, ...]:
    return cdisc_columns(
        number_column("AVAL", "PARAM", "Analysis Value", value).with_facts(core="Cond"),
        number_column(
            "BASE", "PARAM", "Baseline Value", "The value at the baseline record."
        ).with_facts(core="Cond", derivation="AVAL where ABLFL is Y."),
        number_column(
            "CHG", "PARAM", "Change from Baseline", "AVAL - BASE, on post-baseline records."
        ).with_facts(core="Perm", derivation="AVAL - BASE."),
    )


_UNIT = cdisc_columns(
    text_column(
        "AVALU", "Analysis Value Unit", "Unit of AVAL, BASE and CHG.", nullable=False
    ).with_facts(length=20, origin="Assigned", core="Perm")
)
_RATIO = cdisc_columns(
    number_column(
        "R2BASE", "1", "Ratio to Baseline", "AVAL / BASE, on post-baseline records."
    ).with_facts(core="Perm", derivation="AVAL / BASE, null where BASE is 0.")
)
_RANGE = cdisc_columns(
    number_column(
        "ANRLO",
        "PARAM",
        "Analysis Normal Range Lower Limit",
        "Lower limit of the reference range; null where there is none.",
    ).with_facts(origin="Assigned", core="Perm"),
    number_column(
        "ANRHI",
        "PARAM",
        "Analysis Normal Range Upper Limit",
        "Upper limit of the reference range, of the patient's sex; null where there is none.",
    ).with_facts(origin="Assigned", core="Perm"),
    text_column(
        "ANRIND",
        "Analysis Reference Range Indicator",
        "Where the value lies; null without a range or a value.",
        allowed=("HIGH", "LOW", "NORMAL"),
    ).with_facts(
        core="Perm",
        codelist="NRIND",
        derivation="LOW if AVAL < ANRLO, HIGH if AVAL > ANRHI, else NORMAL.",
    ),
    text_column(
        "BNRIND",
        "Baseline Reference Range Indicator",
        "ANRIND of the baseline record.",
        allowed=("HIGH", "LOW", "NORMAL"),
    ).with_facts(core="Perm", codelist="NRIND", derivation="ANRIND where ABLFL is Y."),
)
_BASELINE_FLAG = flag_column(
    "ABLFL", "Baseline Record Flag", "Y on the baseline record.", population=False
).with_facts(core="Cond")
_ANALYSIS_FLAG = flag_column(
    "ANL01FL",
    "Analysis Flag 01",
    "Y on records that the means use: the value is there "
    "and the patient has at least one observed value after baseline.",
    population=False,
).with_facts(core="Cond")
_TREATMENT_FLAG = flag_column(
    "ONTRTFL",
    "On Treatment Record Flag",
    "Y on records after baseline while the treatment goes on, null after its end.",
    population=False,
).with_facts(core="Perm")
_SEQUENCE = cdisc_columns(
    count_column(
        "ASEQ",
        "Analysis Sequence Number",
        "Number of the record within the subject and the table, from 1.",
        "",
        nullable=False,
    ).with_facts(core="Perm", derivation="Order of PARAMCD, then AVISITN.")
)

_MISSING = "The value; null when missing or after a solver failure."

ADQS = Table(
    name="adqs",
    label="Questionnaire Analysis Dataset",
    meaning="One row per subject, rating scale and visit.",
    key=_RECORD_KEY,
    structure=_BASIC,
    columns=(
        *SUBJECT_KEY,
        *_EXPOSED[:2],
        *RECORD_TREATMENT,
        *_PEOPLE,
        *_VISIT,
        *_parameter("Name of the rating scale.", "Short name of the scale."),
        *_values(_MISSING),
        *cdisc_columns(
            number_column(
                "PCHG",
                "%",
                "Percent Change from Baseline",
                "100 * CHG / BASE, on post-baseline records.",
            ).with_facts(core="Perm", derivation="100 * CHG / BASE, null where BASE is 0."),
        ),
        _BASELINE_FLAG,
        _ANALYSIS_FLAG,
        *cdisc_columns(
            text_column(
                "DTYPE", "Derivation Type", "Null if observed.", allowed=("LOCF",)
            ).with_facts(core="Cond", codelist="DTYPE"),
            count_column(
                "AWTARGET",
                "Analysis Window Target",
                "Day on which the protocol plans the visit; the score is of the day ADY.",
                "d",
                nullable=False,
            ).with_facts(origin="Protocol", core="Perm"),
            count_column(
                "AWTDIFF",
                "Analysis Window Diff from Target",
                "Days between ADY and AWTARGET, without sign.",
                "d",
                nullable=False,
            ).with_facts(core="Perm", derivation="|ADY - AWTARGET|."),
            text_column(
                "AWU",
                "Analysis Window Unit",
                "Unit of the window.",
                allowed=("DAYS",),
                nullable=False,
            ).with_facts(origin="Assigned", core="Perm", codelist="DAYS"),
        ),
        _TREATMENT_FLAG,
        *cdisc_columns(
            text_column("CRIT1", "Analysis Criterion 1", "Definition of response.").with_facts(
                origin="Assigned", core="Perm"
            ),
            text_column(
                "CRIT1FL",
                "Criterion 1 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null.",
                allowed=("Y", "N"),
            ).with_facts(core="Cond", codelist="NY", derivation="Whether CRIT1 is met."),
            text_column(
                "CRIT2",
                "Analysis Criterion 2",
                "Definition of remission; null where the scale has none.",
            ).with_facts(origin="Assigned", core="Perm"),
            text_column(
                "CRIT2FL",
                "Criterion 2 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null; null where remission is "
                "not defined.",
                allowed=("Y", "N"),
            ).with_facts(core="Cond", codelist="NY", derivation="Whether CRIT2 is met."),
        ),
        *_SEQUENCE,
        SIMULATED_FLAG,
    ),
)

ADLB = Table(
    name="adlb",
    label="Biomarker Analysis Dataset",
    meaning="One row per subject, biomarker and visit: markers of the systems, occupancies of "
    "targets, laboratory values and vital signs. Concentrations of compounds are in ADPC.",
    key=_RECORD_KEY,
    structure=_BASIC,
    columns=(
        *SUBJECT_KEY,
        *_EXPOSED,
        *RECORD_TREATMENT,
        *_VISIT,
        *_parameter("Biomarker and its unit.", "Short name of the biomarker."),
        *_values(_MISSING),
        *_UNIT,
        *_RATIO,
        *_RANGE,
        _BASELINE_FLAG,
        _ANALYSIS_FLAG,
        _TREATMENT_FLAG,
        *_SEQUENCE,
        SIMULATED_FLAG,
    ),
)

ADPC = Table(
    name="adpc",
    label="Pharmacokinetic Concentrations",
    meaning="One row per subject, compound and visit: total concentration in plasma at midnight "
    "before the day of the visit.",
    key=_RECORD_KEY,
    structure=_BASIC,
    columns=(
        *SUBJECT_KEY,
        *_EXPOSED,
        *RECORD_TREATMENT,
        *_VISIT,
        *_parameter("Compound and the unit.", "C_ and the first letters of the compound."),
        *_values(_MISSING),
        *_UNIT,
        *_RATIO,
        _BASELINE_FLAG,
        _ANALYSIS_FLAG,
        _TREATMENT_FLAG,
        *_SEQUENCE,
        SIMULATED_FLAG,
    ),
)

_SPAN = cdisc_columns(
    date_column("ASTDT", "Analysis Start Date", "First day.", nullable=False).with_facts(
        core="Perm", derivation="RANDDT + ASTDY - 1."
    ),
    count_column(
        "ASTDY", "Analysis Start Relative Day", "Its study day; no day 0.", "d", nullable=False
    ).with_facts(core="Perm"),
    date_column("AENDT", "Analysis End Date", "Last day.", nullable=False).with_facts(
        core="Perm", derivation="RANDDT + AENDY - 1."
    ),
    count_column(
        "AENDY", "Analysis End Relative Day", "Its study day; no day 0.", "d", nullable=False
    ).with_facts(core="Perm"),
)

ADEX = Table(
    name="adex",
    label="Exposure Analysis Dataset",
    meaning="One row per treated subject and parameter over the whole treatment, and one per "
    "parameter and time between two visits as long as the treatment went on. Drugs of the arm "
    "only; placebo tablets are not modelled and count as no dose.",
    key=("TRTPN", "USUBJID", "PARAMCD", "AVISITN"),
    structure=_BASIC,
    columns=(
        *SUBJECT_KEY,
        *_EXPOSED,
        *RECORD_TREATMENT,
        *cdisc_columns(
            text_column(
                "AVISIT",
                "Analysis Visit",
                "OVERALL, or the visit at which the time between two visits ends.",
                nullable=False,
            ).with_facts(origin="Protocol", core="Cond"),
            number_column(
                "AVISITN",
                "week",
                "Analysis Visit (N)",
                "Weeks since the first dose at its end; that of the end of the trial for OVERALL.",
                nullable=False,
            ).with_facts(origin="Protocol", core="Perm"),
        ),
        *_SPAN,
        *_parameter("What is counted, and its unit.", "Its code."),
        *cdisc_columns(
            text_column(
                "PARCAT1",
                "Parameter Category 1",
                "Over the whole treatment, or between two visits.",
                allowed=("OVERALL", "INDIVIDUAL"),
                nullable=False,
            ).with_facts(origin="Assigned", core="Perm", codelist="PARCAT1"),
            number_column(
                "AVAL", "PARAM", "Analysis Value", "The value; null for a share of nothing."
            ).with_facts(core="Cond"),
            text_column(
                "AVALC",
                "Analysis Value (C)",
                "Y or N for 1 or 0 where PARAM is a question; null for numbers.",
                allowed=("Y", "N"),
            ).with_facts(core="Cond", codelist="NY"),
        ),
        *_SEQUENCE,
        SIMULATED_FLAG,
    ),
)

ADTTE = Table(
    name="adtte",
    label="Time-to-Event Analysis Dataset",
    meaning="One row per subject and event: days from randomisation to the event or to the end of "
    "observation, both days included.",
    key=("TRTPN", "USUBJID", "PARAMCD"),
    structure=_BASIC,
    columns=(
        *SUBJECT_KEY,
        *_PEOPLE[:3],
        *_EXPOSED[:2],
        *RECORD_TREATMENT,
        *_parameter("Event and the unit.", "Its code."),
        *cdisc_columns(
            number_column(
                "AVAL", "d", "Analysis Value", "Days to the event or to censoring.", nullable=False
            ).with_facts(core="Req", derivation="ADT - STARTDT + 1."),
            date_column(
                "STARTDT", "Time to Event Origin Date for Subject", "RANDDT.", nullable=False
            ).with_facts(origin="Predecessor", derivation="ADSL.RANDDT", core="Perm"),
            date_column(
                "ADT", "Analysis Date", "Date of the event or of censoring.", nullable=False
            ).with_facts(core="Perm"),
            count_column(
                "ADY", "Analysis Relative Day", "Its study day; no day 0.", "d", nullable=False
            ).with_facts(core="Perm", derivation="ADT - STARTDT + 1."),
            count_column(
                "CNSR",
                "Censor",
                "0 for the event, 1 for an end of observation without it, 2 for a solver failure.",
                "",
                nullable=False,
            ).with_facts(core="Cond"),
            text_column(
                "EVNTDESC",
                "Event or Censoring Description",
                "What happened, or what ended the observation.",
                nullable=False,
            ).with_facts(length=80, core="Perm"),
            text_column(
                "CNSDTDSC",
                "Censor Date Description",
                "What the date of censoring is; null for an event.",
            ).with_facts(length=80, core="Perm"),
            text_column(
                "SRCDOM",
                "Source Data",
                "Table that the date is from.",
                allowed=("ADSL", "ADAE", "ADQS"),
                nullable=False,
            ).with_facts(core="Perm", codelist="SRCDOM"),
            text_column("SRCVAR", "Source Variable", "Its column.", nullable=False).with_facts(
                length=8, core="Perm"
            ),
            count_column(
                "SRCSEQ",
                "Source Sequence Number",
                "AESEQ or ASEQ of the row; null for ADSL.",
                "",
            ).with_facts(core="Perm"),
        ),
        *_EXPOSED[2:],
        *_PEOPLE[3:],
        *_SEQUENCE,
        SIMULATED_FLAG,
    ),
)
