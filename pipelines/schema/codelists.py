"""Controlled terms of the subject-level tables.

``nci`` is the code of the CDISC codelist, for Define-XML; an empty one is a list of our own. Where
CDISC lets a list be extended, our terms beyond it are in ``own``. Codes of NY and AESEV were read
in the SDTM terminology, the others are recalled [assumed]; terms are those of the CDISC pilot
study where it has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CODELISTS", "Codelist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Codelist:
    """A list of controlled terms.

    Parameters
    ----------
    name
        Short name, as CDISC has it where the list is one of CDISC.
    label
        What the terms are of.
    nci
        Code of the codelist at the NCI, empty for a list of our own.
    terms
        The terms that our tables may hold, in order, each with what it stands for.
    own
        Those of them that are not in the list of CDISC.

    Examples
    --------
    >>> CODELISTS["SEX"].terms["F"]
    'Female'
    """

    name: str
    label: str
    nci: str
    terms: Mapping[str, str]
    own: frozenset[str] = frozenset()


def _same(*terms: str) -> dict[str, str]:
    """Return terms that stand for themselves, in plain letters."""
    return {term: term.capitalize() for term in terms}


CODELISTS: Mapping[str, Codelist] = MappingProxyType(
    {
        one.name: one
        for one in (
            Codelist(
                name="NY", label="No Yes Response", nci="C66742", terms={"N": "No", "Y": "Yes"}
            ),
            Codelist(name="SEX", label="Sex", nci="C66731", terms={"F": "Female", "M": "Male"}),
            Codelist(name="AGEU", label="Age Unit", nci="C66781", terms=_same("YEARS")),
            Codelist(
                name="RACE",
                label="Race",
                nci="C74457",
                terms=_same(
                    "ASIAN",
                    "BLACK OR AFRICAN AMERICAN",
                    "OTHER",
                    "UNKNOWN",
                    "WHITE",
                ),
            ),
            Codelist(
                name="RACEGR1",
                label="Race and Hispanic Origin",
                nci="",
                terms=_same("ASIAN", "BLACK", "HISPANIC", "OTHER", "WHITE"),
            ),
            Codelist(
                name="ETHNIC",
                label="Ethnic Group",
                nci="C66790",
                terms=_same("HISPANIC OR LATINO", "NOT HISPANIC OR LATINO"),
            ),
            Codelist(
                name="AGEGR1",
                label="Age Group",
                nci="",
                terms={
                    "<18": "Below 18 years",
                    "18-64": "18 to 64 years",
                    "65-80": "65 to 80 years",
                    ">80": "Above 80 years",
                },
            ),
            Codelist(
                name="BMIBLGR1",
                label="Body Mass Index Group",
                nci="",
                terms={
                    "<25": "Below 25 kg/m^2",
                    "25-<30": "25 to below 30 kg/m^2",
                    ">=30": "30 kg/m^2 or more",
                },
            ),
            Codelist(
                name="PARCAT1",
                label="Category of an Exposure Parameter",
                nci="",
                terms={
                    "OVERALL": "Over the whole treatment",
                    "INDIVIDUAL": "Between two visits",
                },
            ),
            Codelist(
                name="SRCDOM",
                label="Source Table",
                nci="",
                terms={
                    "ADSL": "Subject-Level Analysis Dataset",
                    "ADAE": "Adverse Events Analysis Dataset",
                    "ADQS": "Questionnaire Analysis Dataset",
                },
            ),
            Codelist(
                name="SBJTSTAT",
                label="Subject Status",
                nci="C124296",
                terms=_same("COMPLETED", "DISCONTINUED"),
            ),
            Codelist(
                name="NCOMPLT",
                label="Reason for Non-Completion",
                nci="C66727",
                terms=_same("ADVERSE EVENT", "LACK OF EFFICACY", "OTHER", "SOLVER FAILURE"),
                own=frozenset({"SOLVER FAILURE"}),
            ),
            Codelist(
                name="AESEV",
                label="Severity/Intensity Scale for Adverse Events",
                nci="C66769",
                terms=_same("MILD", "MODERATE", "SEVERE"),
            ),
            Codelist(
                name="TOXGR",
                label="Common Terminology Criteria for AE Grade",
                nci="C66784",
                terms={
                    "1": "Mild",
                    "2": "Moderate",
                    "3": "Severe",
                    "4": "Life-threatening",
                    "5": "Death",
                },
            ),
            Codelist(
                name="AEREL",
                label="Causality",
                nci="",
                terms=_same("NONE", "REMOTE", "POSSIBLE", "PROBABLE"),
            ),
            Codelist(
                name="ACN",
                label="Action Taken with Study Treatment",
                nci="C66767",
                terms=_same(
                    "DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN"
                ),
            ),
            Codelist(
                name="OUT",
                label="Outcome of Event",
                nci="C66768",
                terms=_same("RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED", "FATAL"),
            ),
            Codelist(
                name="NRIND",
                label="Reference Range Indicator",
                nci="C78736",
                terms={
                    "HIGH": "Above the reference range",
                    "LOW": "Below the reference range",
                    "NORMAL": "Within the reference range",
                },
            ),
            Codelist(
                name="DTYPE",
                label="Derivation Type",
                nci="C81224",
                terms={"LOCF": "Last observation carried forward"},
            ),
            Codelist(name="DAYS", label="Unit of Days", nci="C71620", terms={"DAYS": "Days"}),
        )
    }
)
"""Every list of controlled terms that a column names, by its name."""
