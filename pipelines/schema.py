"""The single truth of every table: column names, types, units, labels, meanings.

Tables, their Parquet metadata, their checks (`pipelines.validate`) and their documentation all
read `TABLES`. Subject-level tables carry CDISC ADaM names; the columns that are ours have no
twin there and say so by an empty ``cdisc``. Limits of SAS transport files are kept: names of at
most 8 characters in subject-level tables, labels of at most 40, ASCII.

Longer than files here usually are: it is one list, and a second place would be a second truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl
import pyarrow as pa

__all__ = [
    "CROSSED_TABLES",
    "CROSSOVER_TABLES",
    "SUBJECT_TABLES",
    "SUMMARY_TABLES",
    "TABLES",
    "Column",
    "Table",
    "arrow_schema",
    "crossover_tables",
    "polars_schema",
]

N_LABEL_CHARACTERS = 40
"""Longest label of a SAS version 5 transport file."""

_POLARS_TYPES: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
)
_ARROW_TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {"text": pa.large_string(), "integer": pa.int64(), "number": pa.float64()}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name.
    kind
        ``text``, ``integer`` (64 bits) or ``number`` (float64).
    unit
        Unit of the values, ``1`` for pure numbers, empty for text and codes.
    label
        Short label, at most 40 characters, ASCII.
    meaning
        One sentence for the documentation.
    cdisc
        Name of the CDISC twin (an ADaM variable, in subject-level tables the same name), empty
        for a column of our own.
    allowed
        The values a text column may take, empty for free text.
    nullable
        Whether the value may be missing.

    Examples
    --------
    >>> Column(name="AGE", kind="number", unit="y", label="Age", meaning="Age.").nullable
    True
    """

    name: str
    kind: str
    unit: str = ""
    label: str
    meaning: str
    cdisc: str = ""
    allowed: tuple[str, ...] = ()
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its columns and the key its rows are sorted by.

    Parameters
    ----------
    name
        File name without ending.
    label
        Short label, at most 40 characters.
    meaning
        What one row is.
    key
        Columns that name a row; rows are stored in this order.
    columns
        The columns in their stored order.

    Examples
    --------
    >>> TABLES["adsl"].key
    ('TRT01PN', 'USUBJID')
    >>> TABLES["adsl"].column("AGE").unit
    'y'
    """

    name: str
    label: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


def _text(
    name: str,
    label: str,
    meaning: str,
    *,
    cdisc: str = "",
    allowed: tuple[str, ...] = (),
    nullable: bool = True,
) -> Column:
    return Column(
        name=name,
        kind="text",
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        allowed=allowed,
        nullable=nullable,
    )


def _number(
    name: str, unit: str, label: str, meaning: str, *, cdisc: str = "", nullable: bool = True
) -> Column:
    return Column(
        name=name,
        kind="number",
        unit=unit,
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        nullable=nullable,
    )


def _count(
    name: str,
    label: str,
    meaning: str,
    unit: str = "1",
    *,
    cdisc: str = "",
    nullable: bool = True,
) -> Column:
    return Column(
        name=name,
        kind="integer",
        unit=unit,
        label=label,
        meaning=meaning,
        cdisc=cdisc,
        nullable=nullable,
    )


def _flag(name: str, label: str, meaning: str, *, population: bool) -> Column:
    # population flags are Y or N and never null; record flags are Y or null
    return Column(
        name=name,
        kind="text",
        label=label,
        meaning=meaning,
        cdisc=name,
        allowed=("Y", "N") if population else ("Y",),
        nullable=not population,
    )


def _cdisc(*columns: Column) -> tuple[Column, ...]:
    """Mark columns that carry the name and the meaning of a CDISC variable."""
    return tuple(replace(column, cdisc=column.name) for column in columns)


_SUBJECT = _cdisc(
    _text("STUDYID", "Study Identifier", "Name of the protocol, upper case.", nullable=False),
    _text(
        "USUBJID",
        "Unique Subject Identifier",
        "Study, number of the arm, patient id. In counterfactual designs the same person has one "
        "USUBJID an arm and the same SUBJID in all.",
        nullable=False,
    ),
    _text("SUBJID", "Subject Identifier for the Study", "Patient id, 9 digits.", nullable=False),
)
_RECORD_TREATMENT = _cdisc(
    _text("TRTP", "Planned Treatment", "Name of the arm.", nullable=False),
    _count("TRTPN", "Planned Treatment (N)", "Number of the arm, from 1.", "", nullable=False),
)

_ADSL = Table(
    name="adsl",
    label="Subject-Level Analysis Dataset",
    meaning="One row per subject: who, in which arm, how the trial ended, how the solver ended.",
    key=("TRT01PN", "USUBJID"),
    columns=(
        *_SUBJECT,
        *_cdisc(
            _text("ARM", "Description of Planned Arm", "Name of the arm.", nullable=False),
            _text("TRT01P", "Planned Treatment for Period 01", "Name of the arm.", nullable=False),
            _count(
                "TRT01PN",
                "Planned Treatment for Period 01 (N)",
                "Number of the arm, from 1, in the order of the protocol.",
                "",
                nullable=False,
            ),
            _text("TRT01A", "Actual Treatment for Period 01", "Name of the arm.", nullable=False),
            _count(
                "TRT01AN",
                "Actual Treatment for Period 01 (N)",
                "Number of the arm.",
                "",
                nullable=False,
            ),
            _number("AGE", "y", "Age", "Age at randomisation, not rounded."),
            _text("AGEU", "Age Units", "Unit of AGE.", allowed=("YEARS",), nullable=False),
            _text("SEX", "Sex", "Sex.", allowed=("F", "M"), nullable=False),
            _text("RACE", "Race", "Ancestry as the population draws it, upper case."),
            _number("HEIGHTBL", "cm", "Baseline Height (cm)", "Height at randomisation."),
            _number("WEIGHTBL", "kg", "Baseline Weight (kg)", "Weight at randomisation."),
            _number("BMIBL", "kg/m^2", "Baseline BMI (kg/m^2)", "Body mass index."),
        ),
        _text(
            "SMOKER", "Smoker", "Whether the patient smokes during the trial.", allowed=("Y", "N")
        ),
        _number("CRCL", "mL/min", "Creatinine Clearance (mL/min)", "By Cockcroft and Gault."),
        _text("CYP2C19", "CYP2C19 Phenotype", "Metaboliser phenotype of CYP2C19."),
        _text("CYP2D6", "CYP2D6 Phenotype", "Metaboliser phenotype of CYP2D6."),
        _text("SLC6A4", "SLC6A4 Genotype", "Genotype of the serotonin transporter promoter."),
        _text("COMT", "COMT Genotype", "Val158Met genotype of catechol-O-methyltransferase."),
        _text(
            "MAOA",
            "MAOA Genotype",
            "Repeats in the promoter of monoamine oxidase A: one allele in men, two in women.",
        ),
        _flag(
            "ITTFL",
            "Intent-To-Treat Population Flag",
            "Y for everyone randomised.",
            population=True,
        ),
        _flag(
            "SAFFL",
            "Safety Population Flag",
            "Y if at least one dose, placebo included, was taken.",
            population=True,
        ),
        _flag(
            "COMPLFL",
            "Completers Population Flag",
            "Y if the patient reached the last visit and the solver did not fail.",
            population=True,
        ),
        *_cdisc(
            _text(
                "EOSSTT",
                "End of Study Status",
                "How the trial ended for the patient.",
                allowed=("COMPLETED", "DISCONTINUED"),
                nullable=False,
            ),
            _text(
                "DCSREAS",
                "Reason for Discontinuation from Study",
                "Null if completed; SOLVER "
                "FAILURE if the equations of this patient could not be solved to the end.",
            ),
            _text(
                "EOTSTT",
                "End of Treatment Status",
                "How the treatment ended; who is followed up stays in the study after it.",
                allowed=("COMPLETED", "DISCONTINUED"),
                nullable=False,
            ),
            _text(
                "DCTREAS",
                "Reason for Discontinuation of Treatment",
                "As DCSREAS, of the treatment.",
            ),
            _number(
                "TRTDURD",
                "d",
                "Total Treatment Duration (Days)",
                "Time on treatment: until its end, discontinuation or solver failure.",
            ),
        ),
        *_cdisc(
            _text(
                "STRATAR",
                "Strata Used for Randomization",
                "Conditions at baseline and whether they hold, Y or N; null without strata.",
            )
        ),
        _number("DCDAY", "d", "Day of Discontinuation", "Of the study; null if completed."),
        _number("DCTDAY", "d", "Day of Treatment Discontinuation", "Null if completed."),
        _number(
            "RESCDAY", "d", "Day of First Rescue Medication", "Days since the first dose, or null."
        ),
        _count("RESCTKN", "Rescue Doses Taken", "Doses of rescue medication taken."),
        _count("DOSEPLN", "Doses Planned", "Doses the regimen prescribed."),
        _count("DOSETKN", "Doses Taken", "Doses taken."),
        _number("DOSECUM", "mg", "Cumulative Dose (mg)", "Sum of the doses taken."),
        _count(
            "RESCODE",
            "Solver Result Code",
            "0 if the patient's equations were solved to the end, else the code of the failure.",
            "",
            nullable=False,
        ),
        _text("RESTXT", "Solver Result Text", "Meaning of RESCODE."),
        _number(
            "FAILTIME",
            "h",
            "Time of Solver Failure (h)",
            "Hours since the first dose day; null if the solver succeeded.",
        ),
        _count("STEPACC", "Accepted Solver Steps", "Steps the solver kept."),
        _count("STEPREJ", "Rejected Solver Steps", "Steps the solver tried again."),
    ),
)

_VISIT = _cdisc(
    _text("AVISIT", "Analysis Visit", "Name of the visit.", nullable=False),
    _number("AVISITN", "week", "Analysis Visit (N)", "Weeks since the first dose.", nullable=False),
    _count(
        "ADY",
        "Analysis Relative Day",
        "Day of the trial; 1 is the day of the first dose, there is no day 0.",
        "d",
        nullable=False,
    ),
)
_VALUES = _cdisc(
    _number(
        "AVAL", "PARAM", "Analysis Value", "The value; null when missing or after a solver failure."
    ),
    _number("BASE", "PARAM", "Baseline Value", "The value at the baseline record."),
    _number("CHG", "PARAM", "Change from Baseline", "AVAL - BASE, on post-baseline records."),
)
_RECORD_FLAGS = (
    _flag("ABLFL", "Baseline Record Flag", "Y on the baseline record.", population=False),
    _flag(
        "ONTRTFL",
        "On Treatment Record Flag",
        "Y on records after baseline while the treatment goes on, null after its end.",
        population=False,
    ),
    _flag(
        "ANL01FL",
        "Analysis Flag 01",
        "Y on records that the means use: the value is there "
        "and the patient has at least one observed value after baseline.",
        population=False,
    ),
)

_ADQS = Table(
    name="adqs",
    label="Questionnaire Analysis Dataset",
    meaning="One row per subject, rating scale and visit.",
    key=("TRTPN", "USUBJID", "PARAMCD", "AVISITN"),
    columns=(
        *_SUBJECT,
        *_RECORD_TREATMENT,
        *_cdisc(
            _text("PARAM", "Parameter", "Name of the rating scale.", nullable=False),
            _text("PARAMCD", "Parameter Code", "Short name of the scale.", nullable=False),
        ),
        *_VISIT,
        *_cdisc(
            _count(
                "AWTARGET",
                "Analysis Window Target",
                "Day on which the protocol plans the visit; the score is of the day ADY.",
                "d",
                nullable=False,
            ),
            _count(
                "AWTDIFF",
                "Analysis Window Diff from Target",
                "Days between ADY and AWTARGET, without sign.",
                "d",
                nullable=False,
            ),
            _text(
                "AWU",
                "Analysis Window Unit",
                "Unit of the window.",
                allowed=("DAYS",),
                nullable=False,
            ),
        ),
        *_VALUES,
        *_cdisc(
            _number(
                "PCHG",
                "%",
                "Percent Change from Baseline",
                "100 * CHG / BASE, on post-baseline records.",
            ),
            _text("DTYPE", "Derivation Type", "Null if observed.", allowed=("LOCF",)),
        ),
        *_RECORD_FLAGS,
        *_cdisc(
            _text("CRIT1", "Analysis Criterion 1", "Definition of response."),
            _text(
                "CRIT1FL",
                "Criterion 1 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null.",
                allowed=("Y", "N"),
            ),
            _text("CRIT2", "Analysis Criterion 2", "Definition of remission."),
            _text(
                "CRIT2FL",
                "Criterion 2 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null; null where remission is "
                "not defined.",
                allowed=("Y", "N"),
            ),
        ),
    ),
)

_ADLB = Table(
    name="adlb",
    label="Biomarker Analysis Dataset",
    meaning="One row per subject, biomarker and visit.",
    key=("TRTPN", "USUBJID", "PARAMCD", "AVISITN"),
    columns=(
        *_SUBJECT,
        *_RECORD_TREATMENT,
        *_cdisc(
            _text("PARAM", "Parameter", "Biomarker and its unit.", nullable=False),
            _text("PARAMCD", "Parameter Code", "Short name of the biomarker.", nullable=False),
            _text("AVALU", "Analysis Value Unit", "Unit of AVAL, BASE and CHG.", nullable=False),
        ),
        *_VISIT,
        *_VALUES,
        *_cdisc(
            _number("R2BASE", "1", "Ratio to Baseline", "AVAL / BASE, on post-baseline records.")
        ),
        *_RECORD_FLAGS,
    ),
)

_ADAE = Table(
    name="adae",
    label="Adverse Events Analysis Dataset",
    meaning="One row per adverse event.",
    key=("TRTAN", "USUBJID", "AESEQ"),
    columns=(
        *_SUBJECT,
        *_cdisc(
            _text("TRTA", "Actual Treatment", "Name of the arm.", nullable=False),
            _count("TRTAN", "Actual Treatment (N)", "Number of the arm.", "", nullable=False),
            _count(
                "AESEQ",
                "Sequence Number",
                "Number of the event within the subject, by onset.",
                "",
                nullable=False,
            ),
            _text("AETERM", "Reported Term for the Adverse Event", "Term.", nullable=False),
            _text("AEDECOD", "Dictionary-Derived Term", "Preferred term.", nullable=False),
            _text(
                "AEBODSYS", "Body System or Organ Class", "Organ class of the term.", nullable=False
            ),
            _count(
                "ASTDY",
                "Analysis Start Relative Day",
                "Day of onset; no day 0.",
                "d",
                nullable=False,
            ),
            _count("AENDY", "Analysis End Relative Day", "Last day; null while ongoing.", "d"),
            _text(
                "AESEV",
                "Severity/Intensity",
                "Severity.",
                allowed=("MILD", "MODERATE", "SEVERE"),
                nullable=False,
            ),
            _text(
                "AETOXGR",
                "Standard Toxicity Grade",
                "CTCAE grade; null where the event has none.",
                allowed=("1", "2", "3", "4", "5"),
            ),
            _text("AESER", "Serious Event", "Y if serious.", allowed=("Y", "N"), nullable=False),
            *(
                _text(name, label, f"Y if serious: {reason}.", allowed=("Y", "N"), nullable=False)
                for name, label, reason in (
                    ("AESDTH", "Results in Death", "the patient died of it"),
                    ("AESLIFE", "Is Life Threatening", "it was a danger to life"),
                    ("AESHOSP", "Requires or Prolongs Hospitalization", "it led to hospital"),
                    ("AESDISAB", "Persist or Signif Disability/Incapacity", "it left disability"),
                    ("AESMIE", "Other Medically Important Serious Event", "none of the others"),
                )
            ),
            _text(
                "AEREL",
                "Causality",
                "Relation to treatment: by the share of the hazard at onset that drivers explain.",
                allowed=("NONE", "REMOTE", "POSSIBLE", "PROBABLE"),
                nullable=False,
            ),
            _text(
                "AEACN",
                "Action Taken with Study Treatment",
                "What was done with the drug.",
                allowed=("DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN"),
                nullable=False,
            ),
            _text(
                "AEOUT",
                "Outcome of Adverse Event",
                "How it ended by the end of the trial.",
                allowed=("RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED", "FATAL"),
                nullable=False,
            ),
        ),
        _text(
            "AESIGNS",
            "Clinical Signs at the Diagnosis",
            "Signs by which it was diagnosed, separated by semicolons; null where none are needed.",
        ),
        _flag(
            "TRTEMFL",
            "Treatment Emergent Analysis Flag",
            "Y if it began on day 1 or later.",
            population=False,
        ),
        _flag(
            "AOCCPFL",
            "1st Occurrence of Preferred Term Flag",
            "Y on the first event of its term within the subject.",
            population=False,
        ),
        _text(
            "AEASCERT",
            "Ascertainment of the Event",
            "How events were asked for; rates of different ways do not compare.",
            nullable=False,
        ),
    ),
)

_TRAJECTORIES = Table(
    name="trajectories",
    label="Trajectories of Sampled Patients",
    meaning="One row per sampled subject, quantity and saved time.",
    key=("ARMN", "USUBJID", "QUANTITY", "TIME_H"),
    columns=(
        *_SUBJECT,
        _text("ARM", "Description of Planned Arm", "Name of the arm.", nullable=False),
        _count("ARMN", "Planned Arm (N)", "Number of the arm.", "", nullable=False),
        _text("QUANTITY", "Quantity", "Observable of the model.", nullable=False),
        _text("UNIT", "Unit", "Unit of VALUE.", nullable=False),
        _number("TIME_H", "h", "Time since First Dose (h)", "Time.", nullable=False),
        _number("VALUE", "UNIT", "Value", "Null after a solver failure."),
    ),
)

_ARM_KEY = (
    _text("arm", "Arm", "Name of the arm.", cdisc="TRT01P", nullable=False),
    _count(
        "arm_number", "Number of the arm", "Number of the arm.", "", cdisc="TRT01PN", nullable=False
    ),
)
_CONTROL_KEY = (
    _text("control", "Control arm", "Name of the arm it is compared with.", nullable=False),
)
_ENDPOINT_KEY = (
    _text("endpoint", "Endpoint", "Rating scale.", cdisc="PARAMCD", nullable=False),
    _text("visit", "Visit", "Name of the visit.", cdisc="AVISIT", nullable=False),
    _number(
        "visit_week",
        "week",
        "Visit (weeks)",
        "Weeks since the first dose.",
        cdisc="AVISITN",
        nullable=False,
    ),
)

_OUTCOMES_BY_ARM = Table(
    name="outcomes_by_arm",
    label="Outcomes by Arm and Visit",
    meaning="One row per arm, endpoint and visit, in points of the scale or the unit that adlb has "
    "for the biomarker. Means are over the analysed (a value, observed "
    "or carried forward, and at least one observed value after baseline); response and remission "
    "are shares of all randomised.",
    key=("endpoint", "arm_number", "visit_week"),
    columns=(
        *_ARM_KEY,
        *_ENDPOINT_KEY,
        _count("n_randomised", "Patients randomised", "Denominator of response and remission."),
        _count("n_analysed", "Patients analysed", "Denominator of the means."),
        _count("n_observed", "Values observed", "Analysed values that were not carried forward."),
        _count("n_missing", "Patients not analysed", "n_randomised - n_analysed."),
        _count(
            "n_failed",
            "Solver failures",
            "Patients of the arm with a result code other than 0, at any time.",
        ),
        _number("mean", "points", "Mean", "Mean of AVAL."),
        _number("sd", "points", "SD", "Sample standard deviation of AVAL."),
        _number("se", "points", "Standard error", "sd / sqrt(n_analysed)."),
        _number("change_mean", "points", "Mean change", "Mean of CHG; null at baseline."),
        _number("change_sd", "points", "SD of change", "Sample standard deviation of CHG."),
        _number("change_se", "points", "Standard error of change", "change_sd / sqrt(n)."),
        _number(
            "ratio_to_baseline",
            "1",
            "Geometric mean ratio to baseline",
            "Of R2BASE, over values and baselines above 0; of biomarkers only.",
        ),
        _count("n_responders", "Responders", "Patients with CRIT1FL Y; null at baseline."),
        _number("responders_percent", "%", "Responders (%)", "Of all randomised."),
        _count(
            "n_remitters",
            "Remitters",
            "Patients with CRIT2FL Y; null at baseline and where remission is not defined.",
        ),
        _number("remitters_percent", "%", "Remitters (%)", "Of all randomised."),
    ),
)


def _risk_columns(name: str, what: str) -> tuple[Column, ...]:
    """Return the seven columns that compare one share with its control."""
    return (
        _number(f"{name}_difference", "1", f"{what}: risk difference", "Arm minus control."),
        _number(
            f"{name}_difference_low",
            "1",
            f"{what}: difference, 95 % CI low",
            "Newcombe's score interval (paired form in counterfactual designs).",
        ),
        _number(
            f"{name}_difference_high",
            "1",
            f"{what}: difference, 95 % CI high",
            "As the lower bound.",
        ),
        _number(
            f"{name}_ratio",
            "1",
            f"{what}: risk ratio",
            "Arm over control; null if either share is zero.",
        ),
        _number(
            f"{name}_ratio_low",
            "1",
            f"{what}: ratio, 95 % CI low",
            "Katz's log interval (paired form in counterfactual designs).",
        ),
        _number(f"{name}_ratio_high", "1", f"{what}: ratio, 95 % CI high", "As the lower bound."),
        _number(
            f"{name}_nnt",
            "1",
            f"{what}: number needed to treat",
            "1 / difference; negative if the control does better; null if the shares are equal.",
        ),
    )


_CONTRASTS = Table(
    name="contrasts",
    label="Contrasts with the Control Arm",
    meaning="One row per arm other than control, endpoint and post-baseline visit. Parallel "
    "designs compare means by Welch's interval, counterfactual designs by within-patient "
    "differences over the patients analysed in both arms.",
    key=("endpoint", "arm_number", "visit_week"),
    columns=(
        *_ARM_KEY,
        *_CONTROL_KEY,
        *_ENDPOINT_KEY,
        _text(
            "method",
            "Method",
            "How arms are compared.",
            allowed=("parallel", "paired"),
            nullable=False,
        ),
        _count("n_arm", "Analysed in the arm", "Patients behind the mean (pairs if paired)."),
        _count("n_control", "Analysed in control", "Patients behind the mean (pairs if paired)."),
        _number(
            "difference",
            "points",
            "Difference in mean change",
            "Arm minus control; negative is better on a scale.",
        ),
        _number("difference_se", "points", "Standard error", "Standard error of the difference."),
        _number("degrees_of_freedom", "1", "Degrees of freedom", "Welch-Satterthwaite, or n - 1."),
        _number("difference_low", "points", "Difference, 95 % CI low", "Student's t interval."),
        _number("difference_high", "points", "Difference, 95 % CI high", "As the lower bound."),
        _number(
            "smd",
            "1",
            "Standardised mean difference",
            "Hedges' g: difference over the pooled SD of change, corrected for small samples.",
        ),
        _number(
            "smd_low",
            "1",
            "SMD, 95 % CI low",
            "Normal interval; in paired designs the interval of the difference on the same scale.",
        ),
        _number("smd_high", "1", "SMD, 95 % CI high", "As the lower bound."),
        _number(
            "ratio_to_control",
            "1",
            "Ratio of ratios to baseline",
            "Geometric mean of R2BASE, arm over control; of biomarkers only.",
        ),
        _number(
            "ratio_to_control_low",
            "1",
            "Ratio of ratios, 95 % CI low",
            "Student's t interval of the difference of mean logarithms.",
        ),
        _number(
            "ratio_to_control_high", "1", "Ratio of ratios, 95 % CI high", "As the lower bound."
        ),
        *_risk_columns("response", "Response"),
        *_risk_columns("remission", "Remission"),
    ),
)

_BIOMARKERS_BY_ARM = Table(
    name="biomarkers_by_arm",
    label="Biomarkers by Arm and Visit",
    meaning="One row per arm, biomarker and visit, over the patients with a value there.",
    key=("biomarker", "arm_number", "visit_week"),
    columns=(
        *_ARM_KEY,
        _text("biomarker", "Biomarker", "Short name.", cdisc="PARAMCD", nullable=False),
        _text("unit", "Unit", "Unit of the means.", cdisc="AVALU", nullable=False),
        _text("visit", "Visit", "Name of the visit.", cdisc="AVISIT", nullable=False),
        _number(
            "visit_week",
            "week",
            "Visit (weeks)",
            "Weeks since the first dose.",
            cdisc="AVISITN",
            nullable=False,
        ),
        _count("n", "Patients with a value", "Denominator of the means."),
        _number("mean", "unit", "Mean", "Mean of AVAL."),
        _number("sd", "unit", "SD", "Sample standard deviation of AVAL."),
        _number("change_mean", "unit", "Mean change", "Mean of CHG; null at baseline."),
        _number("change_sd", "unit", "SD of change", "Sample standard deviation of CHG."),
        _number("ratio_mean", "1", "Mean ratio to baseline", "Mean of R2BASE; null at baseline."),
    ),
)

_AE_RATES = Table(
    name="ae_rates_by_arm",
    label="Adverse Event Rates by Arm",
    meaning="One row per arm and term, over the safety population; the first row of an arm counts "
    "any adverse event.",
    key=("arm_number", "term"),
    columns=(
        *_ARM_KEY,
        _text("control", "Control arm", "Arm it is compared with; null for the control itself."),
        _text(
            "organ_class",
            "Organ class",
            "Organ class; empty for any event.",
            cdisc="AEBODSYS",
            nullable=False,
        ),
        _text("term", "Term", "Preferred term.", cdisc="AEDECOD", nullable=False),
        _text("ascertainment", "Ascertainment", "How events were asked for; null without events."),
        _count("n_patients", "Patients treated", "Safety population of the arm."),
        _count("n_with_event", "Patients with the event", "Patients with at least one."),
        _number("percent", "%", "Patients with the event (%)", "Of n_patients."),
        _number("percent_low", "%", "Percent, 95 % CI low", "Wilson's interval."),
        _number("percent_high", "%", "Percent, 95 % CI high", "Wilson's interval."),
        _count("n_events", "Events", "All events, repeats included."),
        _count("n_serious", "Serious events", "Events with AESER Y."),
        _number("exposure_days", "d", "Exposure (patient-days)", "Sum of TRTDURD."),
        _number(
            "rate_per_100_patient_years",
            "1/(100 y)",
            "Events per 100 patient-years",
            "n_events / exposure.",
        ),
        _number("risk_difference", "1", "Risk difference", "Share minus the control's."),
        _number(
            "risk_difference_low",
            "1",
            "Difference, 95 % CI low",
            "Newcombe's score interval for independent shares, in every design.",
        ),
        _number("risk_difference_high", "1", "Difference, 95 % CI high", "As the lower bound."),
        _number(
            "nnh",
            "1",
            "Number needed to harm",
            "1 / risk difference; negative if the "
            "control does worse; null if the shares are equal.",
        ),
    ),
)

_CROSSOVER = Table(
    name="crossover_contrasts",
    label="Contrasts within Patients of a Cross-over",
    meaning="One row per endpoint and measure of a trial with two periods: what the treatments of "
    "the same patients differ by, over patients rated in both periods.",
    key=("endpoint", "measure"),
    columns=(
        _text("endpoint", "Endpoint", "Short name of the scale.", cdisc="PARAMCD", nullable=False),
        _text(
            "measure",
            "Measure",
            "value: at the end of the periods; change: from their start to their end.",
            allowed=("value", "change"),
            nullable=False,
        ),
        _text("treatment", "Treatment", "First treatment of the first arm.", nullable=False),
        _text("reference", "Reference", "What it is compared with.", nullable=False),
        _count("n_first", "Patients, first order", "Patients of the first arm in the contrast."),
        _count("n_second", "Patients, second order", "Patients of the second arm in it."),
        _number(
            "difference",
            "points",
            "Difference",
            "Treatment minus reference, the effect of the period taken out.",
        ),
        _number("difference_se", "points", "Standard error", "Standard error of the difference."),
        _number("degrees_of_freedom", "1", "Degrees of freedom", "Welch-Satterthwaite."),
        _number("difference_low", "points", "Difference, 95 % CI low", "Student's t interval."),
        _number("difference_high", "points", "Difference, 95 % CI high", "As the lower bound."),
        _number("period", "points", "Period effect", "First period minus the second."),
        _number("period_low", "points", "Period, 95 % CI low", "Student's t interval."),
        _number("period_high", "points", "Period, 95 % CI high", "As the lower bound."),
        _number(
            "carry_over",
            "points",
            "Carry-over",
            "Mean of both periods, first order minus the second; 0 if nothing is carried over.",
        ),
        _number("carry_over_low", "points", "Carry-over, 95 % CI low", "Student's t interval."),
        _number("carry_over_high", "points", "Carry-over, 95 % CI high", "As the lower bound."),
    ),
)

_INTERCURRENT_EVENTS = Table(
    name="intercurrent_events",
    label="Intercurrent Events",
    meaning="One row per event between treatment and outcome: a discontinuation, or the start of "
    "rescue in trials that have it.",
    key=("TRT01PN", "USUBJID", "ICEDY", "ICETYPE"),
    columns=(
        *_SUBJECT,
        *_cdisc(
            _text("TRT01P", "Planned Treatment for Period 01", "Name of the arm.", nullable=False),
            _count(
                "TRT01PN",
                "Planned Treatment for Period 01 (N)",
                "Number of the arm.",
                "",
                nullable=False,
            ),
        ),
        _number("ICEDY", "d", "Day of the Event", "Days since the first dose.", nullable=False),
        _text(
            "ICETYPE",
            "Type of the Event",
            "What happened.",
            allowed=("DISCONTINUATION", "RESCUE"),
            nullable=False,
        ),
        _text("ICEREAS", "Reason", "DCSREAS of ADSL; null for rescue."),
        _text(
            "ICEFAIL",
            "Failure of the Treatment",
            "Y if the composite strategy counts it as failure: rescue, an adverse event, lack of "
            "efficacy.",
            allowed=("Y", "N"),
            nullable=False,
        ),
    ),
)

_ANALYSES = Table(
    name="analyses",
    label="Analyses of the Protocol",
    meaning="One row per arm other than control, endpoint, visit after baseline and look. "
    "Different patients are compared at equal baseline, the same patients (counterfactual "
    "designs) by their differences; patients with a solver failure are left out. Claims are made "
    "for the primary endpoint at the last visit.",
    key=("endpoint", "arm_number", "visit_week", "look"),
    columns=(
        *_ARM_KEY,
        *_CONTROL_KEY,
        *_ENDPOINT_KEY,
        _count(
            "look",
            "Number of the look",
            "From 1; the last is the end of the trial.",
            nullable=False,
        ),
        _number(
            "information",
            "1",
            "Share of patients at the look",
            "Patients of each arm with the lowest numbers, taken as the first to finish.",
            nullable=False,
        ),
        _text(
            "estimand",
            "Estimand",
            "What is done with values after an intercurrent event.",
            allowed=("treatment_policy", "hypothetical", "while_on_treatment", "composite"),
            nullable=False,
        ),
        _text(
            "missing_data",
            "Missing data",
            "What stands for a missing value.",
            allowed=("LOCF", "BOCF", "observed", "MMRM", "MAR", "J2R", "CR", "CIR"),
            nullable=False,
        ),
        _text(
            "model",
            "Model",
            "ANCOVA by baseline, MMRM with unstructured covariance, or differences within pairs.",
            allowed=("ANCOVA", "MMRM", "paired"),
            nullable=False,
        ),
        _count("n_arm", "Analysed in the arm", "Patients behind the estimate, imputed included."),
        _count("n_control", "Analysed in control", "As n_arm."),
        _number(
            "estimate",
            "points",
            "Difference",
            "Arm minus control; negative is better on these scales.",
        ),
        _number("standard_error", "points", "Standard error", "By Rubin's rules after imputation."),
        _number("degrees_of_freedom", "1", "Degrees of freedom", "Of Student's t."),
        _number("low", "points", "Difference, 95 % CI low", "Student's t; not for multiplicity."),
        _number("high", "points", "Difference, 95 % CI high", "As the lower bound."),
        _number("p", "1", "p value", "Two-sided, of no difference, not adjusted."),
        _number(
            "p_adjusted",
            "1",
            "Adjusted p value",
            "By the multiplicity of the protocol; null outside the claims and with interim looks.",
        ),
        _number(
            "level",
            "1",
            "Level at the look",
            "p that claims while all arms are open, spending and Bonferroni counted in; null "
            "outside the claims, and for 'dunnett' and 'graphical', which p_adjusted decides.",
        ),
        _text(
            "claim",
            "Claim",
            "What may be claimed after this look; null outside the claims.",
            allowed=("better", "worse", "go on", "futile", "not shown"),
        ),
        _text("remark", "Remark", "Why there is no estimate."),
    ),
)

_EFFECTS_BY_SUBGROUP = Table(
    name="effects_by_subgroup",
    label="Individual Effects by Subgroup",
    meaning="One row per arm other than control, endpoint, covariate and level, at the last visit; "
    "empty unless the design is counterfactual. An effect is the change of a person in the arm "
    "minus the change of the same person in control.",
    key=("endpoint", "arm_number", "covariate", "level_number"),
    columns=(
        *_ARM_KEY,
        *_CONTROL_KEY,
        *_ENDPOINT_KEY,
        _text(
            "covariate",
            "Covariate",
            "Column of ADSL, BASE for the baseline score, everyone for all patients.",
            nullable=False,
        ),
        _text("level", "Level", "Value, or third with its range.", nullable=False),
        _count("level_number", "Number of the level", "From 1, in order.", "", nullable=False),
        _count("n", "Persons", "Persons analysed in both arms.", nullable=False),
        _number("mean_effect", "points", "Mean effect", "Negative is better on these scales."),
        _number(
            "sd_effect",
            "points",
            "SD of effects",
            "Between persons, the rating noise of both arms included.",
        ),
        _number("standard_error", "points", "Standard error", "sd_effect / sqrt(n)."),
        _number("low", "points", "Mean effect, 95 % CI low", "Student's t interval."),
        _number("high", "points", "Mean effect, 95 % CI high", "As the lower bound."),
        _number(
            "shrunken_effect",
            "points",
            "Shrunken mean effect",
            "Empirical Bayes over the levels of the covariate; null with fewer than two levels.",
        ),
        _number(
            "shrunken_error", "points", "Its standard error", "Spread between levels held known."
        ),
    ),
)

_EXPOSURE_RESPONSE = Table(
    name="exposure_response",
    label="Exposure and Response",
    meaning="One row per exposure, quartile and outcome, over the persons of all arms whose "
    "exposure is above zero: change and response at the last visit, adverse events at any time.",
    key=("exposure", "quartile", "kind", "outcome"),
    columns=(
        _text(
            "exposure",
            "Exposure",
            "PARAMCD of ADLB: level of a compound (C_) or occupancy of a target (O_), a person's "
            "mean over the visits after baseline.",
            cdisc="PARAMCD",
            nullable=False,
        ),
        _text("unit", "Unit", "Unit of the exposure.", cdisc="AVALU", nullable=False),
        _count("quartile", "Quartile", "1 is the lowest.", "", nullable=False),
        _number("exposure_low", "unit", "Lowest exposure", "Of the quartile."),
        _number("exposure_median", "unit", "Median exposure", "Of the quartile."),
        _number("exposure_high", "unit", "Highest exposure", "Of the quartile."),
        _text(
            "kind",
            "Kind of outcome",
            "Mean change, share of responders, share with the event.",
            allowed=("change", "response", "adverse event"),
            nullable=False,
        ),
        _text("outcome", "Outcome", "Rating scale or preferred term.", nullable=False),
        _count("n", "Persons", "With a change, else of the quartile.", nullable=False),
        _text(
            "value_unit",
            "Unit of the value",
            "Unit of value, low and high.",
            allowed=("points", "%"),
            nullable=False,
        ),
        _number("value", "value_unit", "Value", "Mean or share."),
        _number("low", "value_unit", "Value, 95 % CI low", "Student's t or Wilson's interval."),
        _number("high", "value_unit", "Value, 95 % CI high", "As the lower bound."),
    ),
)

SUBJECT_TABLES: tuple[str, ...] = ("adsl", "adqs", "adlb", "adae", "trajectories")
"""Tables with one or more rows per subject; every shard holds its part of each."""

SUMMARY_TABLES: tuple[str, ...] = (
    "outcomes_by_arm",
    "contrasts",
    "ae_rates_by_arm",
    "biomarkers_by_arm",
    "intercurrent_events",
    "analyses",
    "effects_by_subgroup",
    "exposure_response",
)
"""Tables computed from the subject-level ones."""

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            _ADSL,
            _ADQS,
            _ADLB,
            _ADAE,
            _TRAJECTORIES,
            _OUTCOMES_BY_ARM,
            _CONTRASTS,
            _AE_RATES,
            _BIOMARKERS_BY_ARM,
            _INTERCURRENT_EVENTS,
            _ANALYSES,
            _EFFECTS_BY_SUBGROUP,
            _EXPOSURE_RESPONSE,
        )
    }
)
"""Every table that a run writes, by name."""


_SUBJECT_VARIANT = (
    _text(
        "VARIANT",
        "Variant of the Trial",
        "Name of the variant; the patients of an arm are the same people in all its variants.",
        nullable=False,
    ),
    _count(
        "VARIANTN",
        "Variant of the Trial (N)",
        "Number of the variant, from 1, in the order of the protocol.",
        "",
        nullable=False,
    ),
)
_SUMMARY_VARIANT = (
    _text("variant", "Variant", "Name of the variant.", cdisc="VARIANT", nullable=False),
    _count(
        "variant_number",
        "Number of the variant",
        "Number of the variant, from 1.",
        "",
        cdisc="VARIANTN",
        nullable=False,
    ),
)
_COMPARISON = (
    _text(
        "comparison",
        "Comparison",
        "control: with the control arm of the same variant; first variant: with the same arm in "
        "the first variant, always within patients, because they are the same people.",
        allowed=("control", "first variant"),
        nullable=False,
    ),
    _text(
        "control_variant",
        "Variant of the control",
        "Name of the variant that it is compared with.",
        nullable=False,
    ),
)
_CROSSED_COLUMNS = {
    "USUBJID": replace(
        _SUBJECT[1],
        meaning="Study, number of the arm, number of the variant, patient id. The same person has "
        "one USUBJID a variant and the same SUBJID in all.",
    )
}
_ARM_NUMBERS = ("TRT01PN", "TRTPN", "TRTAN", "ARMN", "arm_number")


def _crossed(table: Table) -> Table:
    """Return a table of a trial whose arms are crossed with variants."""
    number = next((column for column in table.key if column in _ARM_NUMBERS), None)
    if number is None:  # arms together
        columns = (*_SUMMARY_VARIANT, *table.columns)
        return replace(table, columns=columns, key=(_SUMMARY_VARIANT[1].name, *table.key))
    is_summary = number == "arm_number"
    variant = _SUMMARY_VARIANT if is_summary else _SUBJECT_VARIANT
    changed = [_CROSSED_COLUMNS.get(column.name, column) for column in table.columns]
    place = [column.name for column in changed].index(number) + 1
    changed[place:place] = variant
    key = list(table.key)
    key.insert(key.index(number) + 1, variant[1].name)
    if table.name == "contrasts":
        control = next(i for i, column in enumerate(changed) if column.name == "control") + 1
        changed[control:control] = _COMPARISON
        key.insert(key.index(number), "comparison")
    return replace(table, columns=tuple(changed), key=tuple(key))


CROSSED_TABLES: Mapping[str, Table] = MappingProxyType(
    {name: _crossed(table) for name, table in TABLES.items()}
)
"""The same tables of a trial with variants: one more name and number in each, and in its key."""


CROSSOVER_TABLES: Mapping[str, Table] = MappingProxyType({_CROSSOVER.name: _CROSSOVER})
"""Tables that only cross-over trials have beside the others, by name."""


def crossover_tables(*, is_crossed: bool) -> Mapping[str, Table]:
    """Return the further tables of a cross-over trial, with variants or without.

    Examples
    --------
    >>> crossover_tables(is_crossed=True)["crossover_contrasts"].key
    ('variant_number', 'endpoint', 'measure')
    """
    if not is_crossed:
        return CROSSOVER_TABLES
    return {
        name: replace(
            table,
            columns=(*_SUMMARY_VARIANT, *table.columns),
            key=("variant_number", *table.key),
        )
        for name, table in CROSSOVER_TABLES.items()
    }


def polars_schema(table: Table) -> dict[str, type[pl.DataType]]:
    """Return the Polars types of a table, in the stored order of its columns.

    Examples
    --------
    >>> polars_schema(TABLES["adsl"])["AGE"]
    Float64
    """
    return {column.name: _POLARS_TYPES[column.kind] for column in table.columns}


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table, with label, unit and meaning on every field.

    Examples
    --------
    >>> arrow_schema(TABLES["adsl"]).field("AGE").metadata[b"unit"]
    b'y'
    """
    fields = [
        pa.field(
            column.name,
            _ARROW_TYPES[column.kind],
            metadata={
                "label": column.label,
                "unit": column.unit,
                "meaning": column.meaning,
                "cdisc": column.cdisc,
            },
        )
        for column in table.columns
    ]
    return pa.schema(
        fields,
        metadata={"name": table.name, "label": table.label, "meaning": table.meaning},
    )
