"""The table of adverse events: ADAE (occurrence data structure of ADaM)."""

from pipelines.schema.columns import (
    Table,
    cdisc_columns,
    count_column,
    date_column,
    flag_column,
    text_column,
)
from pipelines.schema.subjects import SIMULATED_FLAG, SUBJECT_KEY, copied

__all__ = ["ADAE"]

_CRITERIA = (
    ("AESDISAB", "Persist or Signif Disability/Incapacity", "it left disability"),
    ("AESDTH", "Results in Death", "the patient died of it"),
    ("AESHOSP", "Requires or Prolongs Hospitalization", "it led to hospital"),
    ("AESLIFE", "Is Life Threatening", "it was a danger to life"),
    ("AESMIE", "Other Medically Important Serious Event", "none of the others"),
)

_FIRSTS = (
    ("AOCCFL", "1st Occurrence of Any AE Flag", "the first event of the subject"),
    ("AOCCSFL", "1st Occurrence of SOC Flag", "the first event of its organ class"),
    ("AOCCPFL", "1st Occurrence of Preferred Term Flag", "the first event of its term"),
)

ADAE = Table(
    name="adae",
    label="Adverse Events Analysis Dataset",
    meaning="One row per adverse event.",
    key=("TRTAN", "USUBJID", "AESEQ"),
    structure="OCCURRENCE DATA STRUCTURE",
    columns=(
        *SUBJECT_KEY,
        *cdisc_columns(
            text_column("TRTA", "Actual Treatment", "Name of the arm.", nullable=False).with_facts(
                origin="Predecessor", derivation="ADSL.TRT01A", core="Cond"
            ),
            count_column(
                "TRTAN", "Actual Treatment (N)", "Number of the arm.", "", nullable=False
            ).with_facts(origin="Predecessor", derivation="ADSL.TRT01AN", core="Perm"),
        ),
        *copied("AGE", "RACE", "SEX", "SAFFL", "TRTSDT", "TRTEDT"),
        *cdisc_columns(
            date_column(
                "ASTDT", "Analysis Start Date", "Date of onset.", nullable=False
            ).with_facts(core="Cond", derivation="RANDDT + ASTDY - 1."),
            count_column(
                "ASTDY",
                "Analysis Start Relative Day",
                "Day of onset; no day 0.",
                "d",
                nullable=False,
            ).with_facts(core="Perm"),
            date_column("AENDT", "Analysis End Date", "Last day; null while ongoing.").with_facts(
                core="Perm", derivation="RANDDT + AENDY - 1."
            ),
            count_column(
                "AENDY", "Analysis End Relative Day", "Last day; null while ongoing.", "d"
            ).with_facts(core="Perm"),
            count_column(
                "ADURN", "AE Duration (N)", "Days with the event; null while ongoing.", "d"
            ).with_facts(core="Perm", derivation="AENDT - ASTDT + 1."),
            text_column(
                "ADURU", "AE Duration Units", "Unit of ADURN; null without it.", allowed=("DAYS",)
            ).with_facts(origin="Assigned", core="Cond", codelist="DAYS"),
            text_column(
                "AETERM", "Reported Term for the Adverse Event", "Term.", nullable=False
            ).with_facts(core="Req"),
            text_column(
                "AEDECOD", "Dictionary-Derived Term", "Preferred term.", nullable=False
            ).with_facts(core="Req", origin="Assigned"),
            text_column(
                "AEBODSYS", "Body System or Organ Class", "Organ class of the term.", nullable=False
            ).with_facts(core="Req", origin="Assigned"),
            text_column(
                "AESEV",
                "Severity/Intensity",
                "Severity.",
                allowed=("MILD", "MODERATE", "SEVERE"),
                nullable=False,
            ).with_facts(core="Perm", codelist="AESEV"),
            count_column(
                "ASEVN",
                "Analysis Severity/Intensity (N)",
                "1 for MILD, 2 for MODERATE, 3 for SEVERE.",
                "",
                nullable=False,
            ).with_facts(core="Perm", derivation="Place of AESEV in its codelist."),
            text_column(
                "AETOXGR",
                "Standard Toxicity Grade",
                "CTCAE grade; null where the event has none.",
                allowed=("1", "2", "3", "4", "5"),
            ).with_facts(core="Perm", codelist="TOXGR"),
            text_column(
                "AESER", "Serious Event", "Y if serious.", allowed=("Y", "N"), nullable=False
            ).with_facts(core="Perm", codelist="NY", derivation="Any criterion of seriousness."),
            *(
                text_column(
                    name, label, f"Y if serious: {reason}.", allowed=("Y", "N"), nullable=False
                ).with_facts(core="Perm", codelist="NY")
                for name, label, reason in _CRITERIA
            ),
            text_column(
                "AEREL",
                "Causality",
                "Relation to treatment: by the share of the hazard at onset that drivers explain.",
                allowed=("NONE", "REMOTE", "POSSIBLE", "PROBABLE"),
                nullable=False,
            ).with_facts(core="Perm", codelist="AEREL"),
            text_column(
                "AEACN",
                "Action Taken with Study Treatment",
                "What was done with the drug.",
                allowed=("DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN"),
                nullable=False,
            ).with_facts(core="Perm", codelist="ACN"),
            text_column(
                "AEOUT",
                "Outcome of Adverse Event",
                "How it ended by the end of the trial.",
                allowed=("RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED", "FATAL"),
                nullable=False,
            ).with_facts(core="Perm", codelist="OUT"),
            count_column(
                "AESEQ",
                "Sequence Number",
                "Number of the event within the subject, by onset.",
                "",
                nullable=False,
            ).with_facts(core="Cond"),
        ),
        flag_column(
            "TRTEMFL",
            "Treatment Emergent Analysis Flag",
            "Y if it began on day 1 or later, in a treated subject.",
            population=False,
        ).with_facts(core="Cond", derivation="ASTDT >= TRTSDT."),
        *(
            flag_column(name, label, f"Y on {which}.", population=False).with_facts(core="Perm")
            for name, label, which in _FIRSTS
        ),
        text_column(
            "AESIGNS",
            "Clinical Signs at the Diagnosis",
            "Signs by which it was diagnosed, separated by semicolons; null where none are needed.",
        ),
        text_column(
            "AEASCERT",
            "Ascertainment of the Event",
            "How events were asked for; rates of different ways do not compare.",
            nullable=False,
        ),
        SIMULATED_FLAG,
    ),
)
