"""Subject-level tables, with CDISC ADaM names: every shard holds its part of each."""

from pipelines.schema.columns import (
    Table,
    cdisc_columns,
    count_column,
    flag_column,
    number_column,
    text_column,
)

__all__ = [
    "ADAE",
    "ADLB",
    "ADQS",
    "ADSL",
    "SUBJECT_KEY",
    "TRAJECTORIES",
]

SUBJECT_KEY = cdisc_columns(
    text_column("STUDYID", "Study Identifier", "Name of the protocol, upper case.", nullable=False),
    text_column(
        "USUBJID",
        "Unique Subject Identifier",
        "Study, number of the arm, patient id. In counterfactual designs the same person has one "
        "USUBJID an arm and the same SUBJID in all.",
        nullable=False,
    ),
    text_column(
        "SUBJID", "Subject Identifier for the Study", "Patient id, 9 digits.", nullable=False
    ),
)
_RECORD_TREATMENT = cdisc_columns(
    text_column("TRTP", "Planned Treatment", "Name of the arm.", nullable=False),
    count_column(
        "TRTPN", "Planned Treatment (N)", "Number of the arm, from 1.", "", nullable=False
    ),
)

ADSL = Table(
    name="adsl",
    label="Subject-Level Analysis Dataset",
    meaning="One row per subject: who, in which arm, how the trial ended, how the solver ended.",
    key=("TRT01PN", "USUBJID"),
    columns=(
        *SUBJECT_KEY,
        *cdisc_columns(
            text_column("ARM", "Description of Planned Arm", "Name of the arm.", nullable=False),
            text_column(
                "TRT01P", "Planned Treatment for Period 01", "Name of the arm.", nullable=False
            ),
            count_column(
                "TRT01PN",
                "Planned Treatment for Period 01 (N)",
                "Number of the arm, from 1, in the order of the protocol.",
                "",
                nullable=False,
            ),
            text_column(
                "TRT01A", "Actual Treatment for Period 01", "Name of the arm.", nullable=False
            ),
            count_column(
                "TRT01AN",
                "Actual Treatment for Period 01 (N)",
                "Number of the arm.",
                "",
                nullable=False,
            ),
            number_column("AGE", "y", "Age", "Age at randomisation, not rounded."),
            text_column("AGEU", "Age Units", "Unit of AGE.", allowed=("YEARS",), nullable=False),
            text_column("SEX", "Sex", "Sex.", allowed=("F", "M"), nullable=False),
            text_column("RACE", "Race", "Ancestry as the population draws it, upper case."),
            number_column("HEIGHTBL", "cm", "Baseline Height (cm)", "Height at randomisation."),
            number_column("WEIGHTBL", "kg", "Baseline Weight (kg)", "Weight at randomisation."),
            number_column("BMIBL", "kg/m^2", "Baseline BMI (kg/m^2)", "Body mass index."),
        ),
        text_column(
            "SMOKER", "Smoker", "Whether the patient smokes during the trial.", allowed=("Y", "N")
        ),
        number_column("CRCL", "mL/min", "Creatinine Clearance (mL/min)", "By Cockcroft and Gault."),
        text_column("CYP2C19", "CYP2C19 Phenotype", "Metaboliser phenotype of CYP2C19."),
        text_column("CYP2D6", "CYP2D6 Phenotype", "Metaboliser phenotype of CYP2D6."),
        text_column("SLC6A4", "SLC6A4 Genotype", "Genotype of the serotonin transporter promoter."),
        text_column("COMT", "COMT Genotype", "Val158Met genotype of catechol-O-methyltransferase."),
        text_column(
            "MAOA",
            "MAOA Genotype",
            "Repeats in the promoter of monoamine oxidase A: one allele in men, two in women.",
        ),
        flag_column(
            "ITTFL",
            "Intent-To-Treat Population Flag",
            "Y for everyone randomised.",
            population=True,
        ),
        flag_column(
            "SAFFL",
            "Safety Population Flag",
            "Y if at least one dose, placebo included, was taken.",
            population=True,
        ),
        flag_column(
            "COMPLFL",
            "Completers Population Flag",
            "Y if the patient reached the last visit and the solver did not fail.",
            population=True,
        ),
        *cdisc_columns(
            text_column(
                "EOSSTT",
                "End of Study Status",
                "How the trial ended for the patient.",
                allowed=("COMPLETED", "DISCONTINUED"),
                nullable=False,
            ),
            text_column(
                "DCSREAS",
                "Reason for Discontinuation from Study",
                "Null if completed; SOLVER "
                "FAILURE if the equations of this patient could not be solved to the end.",
            ),
            text_column(
                "EOTSTT",
                "End of Treatment Status",
                "How the treatment ended; who is followed up stays in the study after it.",
                allowed=("COMPLETED", "DISCONTINUED"),
                nullable=False,
            ),
            text_column(
                "DCTREAS",
                "Reason for Discontinuation of Treatment",
                "As DCSREAS, of the treatment.",
            ),
            number_column(
                "TRTDURD",
                "d",
                "Total Treatment Duration (Days)",
                "Time on treatment: until its end, discontinuation or solver failure.",
            ),
        ),
        *cdisc_columns(
            text_column(
                "STRATAR",
                "Strata Used for Randomization",
                "Conditions at baseline and whether they hold, Y or N; null without strata.",
            )
        ),
        number_column("DCDAY", "d", "Day of Discontinuation", "Of the study; null if completed."),
        number_column("DCTDAY", "d", "Day of Treatment Discontinuation", "Null if completed."),
        number_column(
            "RESCDAY", "d", "Day of First Rescue Medication", "Days since the first dose, or null."
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
    ),
)

_VISIT = cdisc_columns(
    text_column("AVISIT", "Analysis Visit", "Name of the visit.", nullable=False),
    number_column(
        "AVISITN", "week", "Analysis Visit (N)", "Weeks since the first dose.", nullable=False
    ),
    count_column(
        "ADY",
        "Analysis Relative Day",
        "Day of the trial; 1 is the day of the first dose, there is no day 0.",
        "d",
        nullable=False,
    ),
)
_VALUES = cdisc_columns(
    number_column(
        "AVAL", "PARAM", "Analysis Value", "The value; null when missing or after a solver failure."
    ),
    number_column("BASE", "PARAM", "Baseline Value", "The value at the baseline record."),
    number_column("CHG", "PARAM", "Change from Baseline", "AVAL - BASE, on post-baseline records."),
)
_RECORD_FLAGS = (
    flag_column("ABLFL", "Baseline Record Flag", "Y on the baseline record.", population=False),
    flag_column(
        "ONTRTFL",
        "On Treatment Record Flag",
        "Y on records after baseline while the treatment goes on, null after its end.",
        population=False,
    ),
    flag_column(
        "ANL01FL",
        "Analysis Flag 01",
        "Y on records that the means use: the value is there "
        "and the patient has at least one observed value after baseline.",
        population=False,
    ),
)

ADQS = Table(
    name="adqs",
    label="Questionnaire Analysis Dataset",
    meaning="One row per subject, rating scale and visit.",
    key=("TRTPN", "USUBJID", "PARAMCD", "AVISITN"),
    columns=(
        *SUBJECT_KEY,
        *_RECORD_TREATMENT,
        *cdisc_columns(
            text_column("PARAM", "Parameter", "Name of the rating scale.", nullable=False),
            text_column("PARAMCD", "Parameter Code", "Short name of the scale.", nullable=False),
        ),
        *_VISIT,
        *cdisc_columns(
            count_column(
                "AWTARGET",
                "Analysis Window Target",
                "Day on which the protocol plans the visit; the score is of the day ADY.",
                "d",
                nullable=False,
            ),
            count_column(
                "AWTDIFF",
                "Analysis Window Diff from Target",
                "Days between ADY and AWTARGET, without sign.",
                "d",
                nullable=False,
            ),
            text_column(
                "AWU",
                "Analysis Window Unit",
                "Unit of the window.",
                allowed=("DAYS",),
                nullable=False,
            ),
        ),
        *_VALUES,
        *cdisc_columns(
            number_column(
                "PCHG",
                "%",
                "Percent Change from Baseline",
                "100 * CHG / BASE, on post-baseline records.",
            ),
            text_column("DTYPE", "Derivation Type", "Null if observed.", allowed=("LOCF",)),
        ),
        *_RECORD_FLAGS,
        *cdisc_columns(
            text_column("CRIT1", "Analysis Criterion 1", "Definition of response."),
            text_column(
                "CRIT1FL",
                "Criterion 1 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null.",
                allowed=("Y", "N"),
            ),
            text_column("CRIT2", "Analysis Criterion 2", "Definition of remission."),
            text_column(
                "CRIT2FL",
                "Criterion 2 Evaluation Result Flag",
                "Y or N on post-baseline records with a value, else null; null where remission is "
                "not defined.",
                allowed=("Y", "N"),
            ),
        ),
    ),
)

ADLB = Table(
    name="adlb",
    label="Biomarker Analysis Dataset",
    meaning="One row per subject, biomarker and visit.",
    key=("TRTPN", "USUBJID", "PARAMCD", "AVISITN"),
    columns=(
        *SUBJECT_KEY,
        *_RECORD_TREATMENT,
        *cdisc_columns(
            text_column("PARAM", "Parameter", "Biomarker and its unit.", nullable=False),
            text_column(
                "PARAMCD", "Parameter Code", "Short name of the biomarker.", nullable=False
            ),
            text_column(
                "AVALU", "Analysis Value Unit", "Unit of AVAL, BASE and CHG.", nullable=False
            ),
        ),
        *_VISIT,
        *_VALUES,
        *cdisc_columns(
            number_column(
                "R2BASE", "1", "Ratio to Baseline", "AVAL / BASE, on post-baseline records."
            )
        ),
        *_RECORD_FLAGS,
    ),
)

ADAE = Table(
    name="adae",
    label="Adverse Events Analysis Dataset",
    meaning="One row per adverse event.",
    key=("TRTAN", "USUBJID", "AESEQ"),
    columns=(
        *SUBJECT_KEY,
        *cdisc_columns(
            text_column("TRTA", "Actual Treatment", "Name of the arm.", nullable=False),
            count_column("TRTAN", "Actual Treatment (N)", "Number of the arm.", "", nullable=False),
            count_column(
                "AESEQ",
                "Sequence Number",
                "Number of the event within the subject, by onset.",
                "",
                nullable=False,
            ),
            text_column("AETERM", "Reported Term for the Adverse Event", "Term.", nullable=False),
            text_column("AEDECOD", "Dictionary-Derived Term", "Preferred term.", nullable=False),
            text_column(
                "AEBODSYS", "Body System or Organ Class", "Organ class of the term.", nullable=False
            ),
            count_column(
                "ASTDY",
                "Analysis Start Relative Day",
                "Day of onset; no day 0.",
                "d",
                nullable=False,
            ),
            count_column(
                "AENDY", "Analysis End Relative Day", "Last day; null while ongoing.", "d"
            ),
            text_column(
                "AESEV",
                "Severity/Intensity",
                "Severity.",
                allowed=("MILD", "MODERATE", "SEVERE"),
                nullable=False,
            ),
            text_column(
                "AETOXGR",
                "Standard Toxicity Grade",
                "CTCAE grade; null where the event has none.",
                allowed=("1", "2", "3", "4", "5"),
            ),
            text_column(
                "AESER", "Serious Event", "Y if serious.", allowed=("Y", "N"), nullable=False
            ),
            *(
                text_column(
                    name, label, f"Y if serious: {reason}.", allowed=("Y", "N"), nullable=False
                )
                for name, label, reason in (
                    ("AESDTH", "Results in Death", "the patient died of it"),
                    ("AESLIFE", "Is Life Threatening", "it was a danger to life"),
                    ("AESHOSP", "Requires or Prolongs Hospitalization", "it led to hospital"),
                    ("AESDISAB", "Persist or Signif Disability/Incapacity", "it left disability"),
                    ("AESMIE", "Other Medically Important Serious Event", "none of the others"),
                )
            ),
            text_column(
                "AEREL",
                "Causality",
                "Relation to treatment: by the share of the hazard at onset that drivers explain.",
                allowed=("NONE", "REMOTE", "POSSIBLE", "PROBABLE"),
                nullable=False,
            ),
            text_column(
                "AEACN",
                "Action Taken with Study Treatment",
                "What was done with the drug.",
                allowed=("DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN"),
                nullable=False,
            ),
            text_column(
                "AEOUT",
                "Outcome of Adverse Event",
                "How it ended by the end of the trial.",
                allowed=("RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED", "FATAL"),
                nullable=False,
            ),
        ),
        text_column(
            "AESIGNS",
            "Clinical Signs at the Diagnosis",
            "Signs by which it was diagnosed, separated by semicolons; null where none are needed.",
        ),
        flag_column(
            "TRTEMFL",
            "Treatment Emergent Analysis Flag",
            "Y if it began on day 1 or later.",
            population=False,
        ),
        flag_column(
            "AOCCPFL",
            "1st Occurrence of Preferred Term Flag",
            "Y on the first event of its term within the subject.",
            population=False,
        ),
        text_column(
            "AEASCERT",
            "Ascertainment of the Event",
            "How events were asked for; rates of different ways do not compare.",
            nullable=False,
        ),
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
