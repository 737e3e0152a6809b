"""Subject-level tables: ADSL, and what every other table of subjects shares with it.

Virtual time has no calendar. Every patient is randomised on `REFERENCE_DATE`, the day of the first
planned dose, and dates count from it: study day 1 is that date, the day before would be day -1,
and there is no day 0.
"""

from datetime import date
from typing import Final

from pipelines.schema.columns import (
    Column,
    Table,
    cdisc_columns,
    count_column,
    date_column,
    flag_column,
    number_column,
    text_column,
)

__all__ = [
    "ADSL",
    "AGE_GROUPS",
    "BMI_GROUPS",
    "RECORD_TREATMENT",
    "REFERENCE_DATE",
    "SIMULATED_FLAG",
    "SITE",
    "SUBJECT_KEY",
    "TRAJECTORIES",
    "copied",
]

REFERENCE_DATE: Final = date(2001, 1, 1)
"""Day of randomisation and of the first planned dose of every virtual patient; a nominal date."""

SITE: Final = "VIRTUAL"
"""The one site of a simulated trial."""

AGE_GROUPS: Final = {"<18": 18.0, "18-64": 65.0, "65-80": 81.0, ">80": float("inf")}
"""Groups of AGEGR1, each with the age it ends before [y]; those of the CDISC pilot, cut at 18."""

BMI_GROUPS: Final = {"<25": 25.0, "25-<30": 30.0, ">=30": float("inf")}
"""Groups of BMIBLGR1, each with what it ends before [kg/m^2]; those of the CDISC pilot."""

SUBJECT_KEY = (
    *cdisc_columns(
        text_column(
            "STUDYID", "Study Identifier", "Name of the protocol, upper case.", nullable=False
        ).with_facts(origin="Assigned", core="Req"),
        text_column(
            "USUBJID",
            "Unique Subject Identifier",
            "Study, number of the arm, patient id. In counterfactual designs the same person has "
            "one USUBJID an arm and the same SUBJID in all.",
            nullable=False,
        ).with_facts(
            origin="Assigned",
            core="Req",
            derivation="STUDYID, number of the arm (2 digits) and SUBJID, joined by hyphens.",
        ),
        text_column(
            "SUBJID", "Subject Identifier for the Study", "Patient id, 9 digits.", nullable=False
        ).with_facts(length=9, origin="Assigned", core="Req"),
    ),
)

SIMULATED_FLAG = text_column(
    "SIMFL",
    "Simulated Data Flag",
    "Y on every row: a virtual patient, no person took part.",
    allowed=("Y",),
    nullable=False,
).with_facts(codelist="NY", origin="Assigned")


def copied(*names: str, source: Table | None = None) -> tuple[Column, ...]:
    """Return columns of ADSL as another table holds them.

    Parameters
    ----------
    names
        Names of the columns.
    source
        The table that has them, ADSL if None.

    Examples
    --------
    >>> copied("TRTSDT")[0].origin, copied("TRTSDT")[0].derivation
    ('Predecessor', 'ADSL.TRTSDT')
    """
    table = ADSL if source is None else source
    return tuple(
        table.column(name).with_facts(
            origin="Predecessor", derivation=f"{table.name.upper()}.{name}", core="Perm"
        )
        for name in names
    )


RECORD_TREATMENT = cdisc_columns(
    text_column("TRTP", "Planned Treatment", "Name of the arm.", nullable=False).with_facts(
        origin="Predecessor", derivation="ADSL.TRT01P", core="Cond"
    ),
    count_column(
        "TRTPN", "Planned Treatment (N)", "Number of the arm, from 1.", "", nullable=False
    ).with_facts(origin="Predecessor", derivation="ADSL.TRT01PN", core="Perm"),
)

_TREATMENT = cdisc_columns(
    text_column("SITEID", "Study Site Identifier", "The virtual site.", nullable=False).with_facts(
        length=8, origin="Assigned", core="Req"
    ),
    text_column("ARM", "Description of Planned Arm", "Name of the arm.", nullable=False).with_facts(
        origin="Protocol", core="Req"
    ),
    text_column(
        "TRT01P", "Planned Treatment for Period 01", "Name of the arm.", nullable=False
    ).with_facts(origin="Protocol", core="Req"),
    count_column(
        "TRT01PN",
        "Planned Treatment for Period 01 (N)",
        "Number of the arm, from 1, in the order of the protocol.",
        "",
        nullable=False,
    ).with_facts(origin="Assigned", core="Perm"),
    text_column(
        "TRT01A", "Actual Treatment for Period 01", "Name of the arm.", nullable=False
    ).with_facts(origin="Assigned", core="Cond", derivation="TRT01P: nobody gets another arm's."),
    count_column(
        "TRT01AN",
        "Actual Treatment for Period 01 (N)",
        "Number of the arm.",
        "",
        nullable=False,
    ).with_facts(origin="Assigned", core="Perm"),
    date_column(
        "RANDDT",
        "Date of Randomization",
        "The reference date, nominal: study day 1, the day of the first planned dose.",
        nullable=False,
    ).with_facts(origin="Assigned", core="Cond"),
    date_column(
        "TRTSDT",
        "Date of First Exposure to Treatment",
        "The reference date; null if SAFFL is N.",
    ).with_facts(core="Cond", derivation="RANDDT if SAFFL is Y."),
    date_column(
        "TRTEDT",
        "Date of Last Exposure to Treatment",
        "Last day on treatment; null if SAFFL is N.",
    ).with_facts(core="Cond", derivation="TRTSDT + TRTDURD - 1."),
    count_column(
        "TRTDURD",
        "Total Treatment Duration (Days)",
        "Days on treatment, first and last included: until its end, discontinuation or solver "
        "failure; null if SAFFL is N.",
        "d",
    ).with_facts(core="Perm", derivation="TRTEDT - TRTSDT + 1."),
)

_PERSON = (
    *cdisc_columns(
        number_column("AGE", "y", "Age", "Age at randomisation, not rounded.").with_facts(
            core="Req"
        ),
        text_column(
            "AGEGR1",
            "Pooled Age Group 1",
            "Group of AGE.",
            allowed=tuple(AGE_GROUPS),
        ).with_facts(core="Perm", codelist="AGEGR1", derivation="AGE, whole years completed."),
        count_column(
            "AGEGR1N", "Pooled Age Group 1 (N)", "Number of the group, from 1.", ""
        ).with_facts(core="Perm", derivation="Place of AGEGR1 in its codelist."),
        text_column(
            "AGEU", "Age Units", "Unit of AGE.", allowed=("YEARS",), nullable=False
        ).with_facts(origin="Assigned", core="Req", codelist="AGEU"),
        text_column(
            "RACE",
            "Race",
            "Race as the population draws it; unknown for Hispanic people, whom it does not tell "
            "apart by race.",
            allowed=("ASIAN", "BLACK OR AFRICAN AMERICAN", "OTHER", "UNKNOWN", "WHITE"),
        ).with_facts(core="Req", codelist="RACE"),
        text_column(
            "RACEGR1",
            "Pooled Race Group 1",
            "Race and Hispanic origin together, as the population draws them.",
            allowed=("ASIAN", "BLACK", "HISPANIC", "OTHER", "WHITE"),
        ).with_facts(core="Perm", codelist="RACEGR1"),
        text_column("SEX", "Sex", "Sex.", allowed=("F", "M"), nullable=False).with_facts(
            core="Req", codelist="SEX"
        ),
        text_column(
            "ETHNIC",
            "Ethnicity",
            "Hispanic origin.",
            allowed=("HISPANIC OR LATINO", "NOT HISPANIC OR LATINO"),
        ).with_facts(core="Perm", codelist="ETHNIC", derivation="From RACEGR1."),
    ),
)

_POPULATIONS = (
    flag_column(
        "SAFFL",
        "Safety Population Flag",
        "Y if at least one dose, placebo included, was taken.",
        population=True,
    ).with_facts(
        core="Cond",
        derivation="Doses taken > 0, or no doses planned (placebo tablets are not modelled), and "
        "no solver failure before the first dose.",
    ),
    flag_column(
        "ITTFL",
        "Intent-To-Treat Population Flag",
        "Y for everyone randomised.",
        population=True,
    ).with_facts(core="Cond", origin="Assigned"),
    flag_column(
        "COMPLFL",
        "Completers Population Flag",
        "Y if the patient reached the last visit and the solver did not fail.",
        population=True,
    ).with_facts(core="Cond", derivation="EOSSTT is COMPLETED."),
    flag_column(
        "DTHFL",
        "Subject Died?",
        "Y if an adverse event was fatal.",
        population=False,
    ).with_facts(core="Perm", derivation="Any ADAE.AESDTH is Y."),
)

_BODY = (
    *cdisc_columns(
        number_column(
            "BMIBL", "kg/m^2", "Baseline BMI (kg/m^2)", "Body mass index at randomisation."
        ).with_facts(core="Perm"),
        text_column(
            "BMIBLGR1",
            "Pooled Baseline BMI Group 1",
            "Group of BMIBL.",
            allowed=tuple(BMI_GROUPS),
        ).with_facts(core="Perm", codelist="BMIBLGR1", derivation="From BMIBL."),
        number_column(
            "HEIGHTBL", "cm", "Baseline Height (cm)", "Height at randomisation."
        ).with_facts(core="Perm"),
        number_column(
            "WEIGHTBL", "kg", "Baseline Weight (kg)", "Weight at randomisation."
        ).with_facts(core="Perm"),
    ),
    text_column(
        "SMOKER", "Smoker", "Whether the patient smokes during the trial.", allowed=("Y", "N")
    ).with_facts(codelist="NY"),
    number_column("CRCL", "mL/min", "Creatinine Clearance (mL/min)", "By Cockcroft and Gault."),
    text_column("CYP2C19", "CYP2C19 Phenotype", "Metaboliser phenotype of CYP2C19.").with_facts(
        length=20
    ),
    text_column("CYP2D6", "CYP2D6 Phenotype", "Metaboliser phenotype of CYP2D6.").with_facts(
        length=20
    ),
    text_column(
        "SLC6A4", "SLC6A4 Genotype", "Genotype of the serotonin transporter promoter."
    ).with_facts(length=20),
    text_column(
        "COMT", "COMT Genotype", "Val158Met genotype of catechol-O-methyltransferase."
    ).with_facts(length=20),
    text_column(
        "MAOA",
        "MAOA Genotype",
        "Repeats in the promoter of monoamine oxidase A: one allele in men, two in women.",
    ).with_facts(length=20),
)

_REASONS = ("ADVERSE EVENT", "LACK OF EFFICACY", "OTHER", "SOLVER FAILURE")
_DISPOSITION = cdisc_columns(
    date_column(
        "EOSDT",
        "End of Study Date",
        "Last day in the trial: that of the last visit, or the one before the patient is gone.",
        nullable=False,
    ).with_facts(core="Perm", derivation="RANDDT + days in the trial, less 1 if discontinued."),
    text_column(
        "EOSSTT",
        "End of Study Status",
        "How the trial ended for the patient.",
        allowed=("COMPLETED", "DISCONTINUED"),
        nullable=False,
    ).with_facts(core="Perm", codelist="SBJTSTAT"),
    text_column(
        "DCSREAS",
        "Reason for Discontinuation from Study",
        "Null if completed; SOLVER FAILURE if the equations of this patient could not be solved to "
        "the end.",
        allowed=_REASONS,
    ).with_facts(core="Perm", codelist="NCOMPLT"),
    text_column(
        "EOTSTT",
        "End of Treatment Status",
        "How the treatment ended; who is followed up stays in the study after it.",
        allowed=("COMPLETED", "DISCONTINUED"),
        nullable=False,
    ).with_facts(core="Perm", codelist="SBJTSTAT"),
    text_column(
        "DCTREAS",
        "Reason for Discontinuation of Treatment",
        "As DCSREAS, of the treatment.",
        allowed=_REASONS,
    ).with_facts(core="Perm", codelist="NCOMPLT"),
    text_column(
        "STRATAR",
        "Strata Used for Randomization",
        "Conditions at baseline and whether they hold, Y or N; null without strata.",
    ).with_facts(core="Perm"),
)

_CONDUCT = (
    number_column(
        "DCDAY",
        "d",
        "Days until Discontinuation of Study",
        "Days from the start to the discontinuation, of the study; null if completed.",
    ),
    number_column(
        "DCTDAY",
        "d",
        "Days until Discontinuation of Treatment",
        "As DCDAY, of the treatment; null if completed.",
    ),
    number_column(
        "RESCDAY", "d", "Days until First Rescue Medication", "Days since the first dose, or null."
    ),
    count_column("RESCTKN", "Rescue Doses Taken", "Doses of rescue medication taken."),
    count_column("DOSEPLN", "Doses Planned", "Doses the regimen prescribed."),
    count_column("DOSETKN", "Doses Taken", "Doses taken."),
    number_column("DOSECUM", "mg", "Cumulative Dose (mg)", "Sum of the doses taken."),
    count_column(
        "RESCODE",
        "Solver Result Code",
        "0 if the patient's equations were solved to the end, else the code of the failure.",
        "",
        nullable=False,
    ),
    text_column("RESTXT", "Solver Result Text", "Meaning of RESCODE."),
    number_column(
        "FAILTIME",
        "h",
        "Time of Solver Failure (h)",
        "Hours since the first dose day; null if the solver succeeded.",
    ),
    count_column("STEPACC", "Accepted Solver Steps", "Steps the solver kept."),
    count_column("STEPREJ", "Rejected Solver Steps", "Steps the solver tried again."),
)

ADSL = Table(
    name="adsl",
    label="Subject-Level Analysis Dataset",
    meaning="One row per subject: who, in which arm, how the trial ended, how the solver ended.",
    key=("TRT01PN", "USUBJID"),
    structure="SUBJECT LEVEL ANALYSIS DATASET",
    columns=(
        *SUBJECT_KEY,
        *_TREATMENT,
        *_PERSON,
        *_POPULATIONS,
        *_BODY,
        *_DISPOSITION,
        *_CONDUCT,
        SIMULATED_FLAG,
    ),
)

TRAJECTORIES = Table(
    name="trajectories",
    label="Trajectories of Sampled Patients",
    meaning="One row per sampled subject, quantity and saved time.",
    key=("ARMN", "USUBJID", "QUANTITY", "TIME_H"),
    columns=(
        *SUBJECT_KEY,
        text_column("ARM", "Description of Planned Arm", "Name of the arm.", nullable=False),
        count_column("ARMN", "Planned Arm (N)", "Number of the arm.", "", nullable=False),
        text_column("QUANTITY", "Quantity", "Observable of the model.", nullable=False),
        text_column("UNIT", "Unit", "Unit of VALUE.", nullable=False),
        number_column("TIME_H", "h", "Time since First Dose (h)", "Time.", nullable=False),
        number_column("VALUE", "UNIT", "Value", "Null after a solver failure."),
    ),
)
