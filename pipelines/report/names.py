"""Codes and keys of a run in words: biomarkers, units, designs, estimands, treatments."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pipelines.report.words import joined, plain

__all__ = [
    "CENTRAL",
    "ESTIMANDS",
    "MISSING_DATA",
    "level_name",
    "marker_name",
    "treatment",
    "unit_name",
]

_MARKERS: Final = {
    "SERTOCC": "SERT occupancy",
    "EC5HT": "Extracellular serotonin, brain",
    "ECDA": "Extracellular dopamine, brain",
    "ECNA": "Extracellular noradrenaline, brain",
    "ECACH": "Extracellular acetylcholine, brain",
    "GABA": "GABA, brain",
    "EIRATIO": "Excitation over inhibition",
    "C5HIAA": "5-HIAA, lumbar CSF",
    "CHVA": "HVA, lumbar CSF",
    "CMHPG": "MHPG, lumbar CSF",
    "U5HIAA": "5-HIAA, urine",
    "UHVA": "HVA, urine",
    "UMHPG": "MHPG, urine",
    "PLT5HT": "Serotonin, platelets",
    "TRPPL": "Tryptophan, plasma",
    "KYNPL": "Kynurenine, plasma",
    "CORT": "Cortisol, plasma",
    "IL6": "Interleukin-6, plasma",
    "TYR30": "Tyramine for +30 mmHg",
    "QTCF": "QTcF interval",
    "SBPSTND": "Systolic pressure, standing",
    "SODIUM": "Sodium, serum",
    "PRLCTN": "Prolactin, serum",
    "WEIGHT": "Body weight",
}

_LEVELS: Final = {
    "SEX": {"F": "women", "M": "men"},
    "SMOKER": {"Y": "yes", "N": "no"},
    "CYP2C19": {"PM": "poor", "IM": "intermediate", "NM": "normal", "RM": "rapid",
                "UM": "ultrarapid"},
    "CYP2D6": {"PM": "poor", "IM": "intermediate", "NM": "normal", "UM": "ultrarapid"},
}  # fmt: skip

_TARGETS: Final = {"herg": "hERG"}

CENTRAL: Final = {
    "EC5HT": ("C5HIAA", "U5HIAA", "PLT5HT"),
    "ECDA": ("CHVA", "UHVA"),
    "ECNA": ("CMHPG", "UMHPG"),
}
"""Central transmitters, each with what is measured of it outside the brain."""

ESTIMANDS: Final = {
    "treatment_policy": "values after a discontinuation or rescue count as they are",
    "hypothetical": "as if nobody had discontinued or been rescued: later values are left out",
    "while_on_treatment": "the last value on treatment stands for each patient",
    "composite": "who leaves for failure, or is rescued, counts as unimproved",
}
"""What each estimand does with intercurrent events."""

MISSING_DATA: Final = {
    "LOCF": "last observation carried forward",
    "BOCF": "baseline carried forward",
    "observed": "observed values only",
    "MMRM": "none imputed; a mixed model for repeated measures",
    "MAR": "multiple imputation, missing at random",
    "J2R": "multiple imputation, jump to reference",
    "CR": "multiple imputation, copy reference",
    "CIR": "multiple imputation, copy increments in reference",
}
"""What stands for a missing value."""


def marker_name(code: str, label: str = "") -> str:
    """Return a biomarker's name for people.

    Parameters
    ----------
    code
        Its PARAMCD.
    label
        Its PARAM, which a code of eight letters is too short to say.

    Examples
    --------
    >>> marker_name("C_s_citalopram"), marker_name("O_herg"), marker_name("EC5HT")
    ('S-citalopram, plasma', 'hERG occupancy', 'Extracellular serotonin, brain')
    >>> marker_name("C_SCITAL", "Concentration of s_citalopram (ng/mL)")
    'S-citalopram, plasma'
    """
    if code in _MARKERS:
        return _MARKERS[code]
    said = re.sub(r" \([^()]*\)$", "", label)
    for first, words in (("C_", "Concentration of "), ("O_", "Occupancy of ")):
        if code.startswith(first):
            what = said.removeprefix(words) if said.startswith(words) else code[len(first) :]
            return _compound(what) if first == "C_" else _target(what)
    return said or code


def _compound(name: str) -> str:
    shown = name.replace("_", "-")
    return f"{shown[0].upper()}{shown[1:]}, plasma"


def _target(name: str) -> str:
    shown = name.replace("_", " ").lower()
    return f"{_TARGETS.get(shown, shown.upper())} occupancy"


def level_name(column: str, level: str) -> str:
    """Return a value of a column of patients for people.

    Parameters
    ----------
    column
        Its name in `adsl`.
    level
        The value.

    Examples
    --------
    >>> level_name("SEX", "F"), level_name("RACE", "WHITE"), level_name("BMIGR1", ">=30")
    ('women', 'white', '30 or more')
    """
    if column == "RACE":
        return level.lower()
    if column in _LEVELS:
        return _LEVELS[column].get(level, level)
    ends = level.replace("<", "").split("-")
    if level.startswith(">="):
        return f"{level[2:]} or more"
    if level.startswith("<"):
        return f"below {level[1:]}"
    if "-<" in level:
        return f"{ends[0]} to below {ends[1]}"
    return level


def unit_name(unit: str) -> str:
    """Return a unit for people; shares have none.

    Examples
    --------
    >>> unit_name("1"), unit_name("nmol/L")
    ('', 'nmol/L')
    """
    return "" if unit == "1" else unit


def treatment(arm: Mapping[str, Any]) -> str:
    """Return what an arm of a protocol takes, in words.

    Parameters
    ----------
    arm
        The arm as the resolved protocol holds it.

    Examples
    --------
    >>> treatment({"regimens": [{"drug": "a", "dose": "10 mg", "every": "1 day",
    ...     "start": "1 week", "stop": None}]})
    'a 10 mg every day from week 1'
    >>> treatment({})
    'no active treatment'
    """
    taken = [_dose(one, "drug") for one in arm.get("regimens") or ()]
    taken += [_dose(one, "supplement") for one in arm.get("supplements") or ()]
    return joined(taken, "and") or "no active treatment"


def _dose(one: Mapping[str, Any], what: str) -> str:
    name = plain(one.get(what) or one.get("name") or "").replace("_", " ")
    words = [name, plain(one.get("dose") or "")]
    if one.get("titrate"):
        steps = one["titrate"].get("steps") or ()
        words = [name, f"titrated {' to '.join(map(plain, steps))}" if steps else "titrated"]
    every = plain(one.get("every") or "")
    words += ["every day" if every == "1 day" else f"every {every}"] if every else []
    start, stop = (_time(one.get(end)) for end in ("start", "stop"))
    words += [f"from {start}"] if start and start != "week 0" else []
    words += [f"until {stop}"] if stop else []
    return " ".join(word for word in words if word)


def _time(value: object) -> str:
    """Return '1 week' as 'week 1'."""
    found = re.fullmatch(r"(-?[\d.]+) (\w+)", plain(value or ""))
    return f"{found[2]} {found[1]}" if found else plain(value or "")
