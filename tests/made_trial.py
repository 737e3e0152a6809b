"""Subject-level tables of any size, drawn with NumPy: no patient is simulated.

Not a test. Arms differ, patients leave, scores are missing, carried forward and tied, biomarkers
are continuous, and some groups are empty, so that summaries have something to get wrong.
"""

import numpy as np
import polars as pl

from pipelines.adam import TrialFacts, subject_identifiers
from pipelines.definitions import Definitions, Endpoint, EventTerm
from pipelines.schema import polars_schema

ARMS = ("placebo", "drug 10 mg", "drug 20 mg", "drug 40 mg")
WEEKS = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)
DURATION = 56.0
EVENTS = (
    ("Nausea", "Gastrointestinal disorders", 0.10),
    ("Diarrhoea", "Gastrointestinal disorders", 0.06),
    ("Headache", "Nervous system disorders", 0.12),
    ("Tremor", "Nervous system disorders", 0.03),
    ("Insomnia", "Psychiatric disorders", 0.08),
    ("Suicidal ideation", "Psychiatric disorders", 0.004),
    ("Electrocardiogram QT prolonged", "Investigations", 0.0),
)
MARKERS = (
    ("EC5HT", "nmol/L", 1.5, 0.3, 0.5),
    ("C_DRUG", "ng/mL", 0.0, 0.0, 25.0),
    ("O_SERT", "1", 0.0, 0.0, 0.7),
    ("QTCF", "ms", 410.0, 18.0, 6.0),
    ("SODIUM", "mmol/L", 140.0, 2.2, -0.8),
    ("PRLCTN", "ng/mL", 12.0, 6.0, 1.0),
    ("SBPSTND", "mmHg", 121.0, 12.0, -3.0),
    ("WEIGHT", "kg", 75.0, 14.0, 1.2),
)
ENDPOINTS = (
    Endpoint(name="MADRS", label="MADRS", responder_fall=0.5, remission_at_most=10.0),
    Endpoint(name="HAMD17", label="HAM-D", responder_fall=0.5, remission_at_most=7.0),
)


def trial(**changes):
    definitions = Definitions(
        endpoints=ENDPOINTS,
        events=tuple(EventTerm(term=term, organ_class=where) for term, where, _ in EVENTS),
    )
    given = {
        "study": "MADE-UP",
        "arms": ARMS,
        "duration_days": DURATION,
        "definitions": definitions,
        "control": "placebo",
        "primary_endpoint": "MADRS",
    }
    return TrialFacts(**(given | changes))


def write_tables(folder, facts, n, seed=1, row_group_size=None):
    """Write adsl, adqs, adlb, adpc and adae of n patients an arm, arm by arm."""
    variants = range(1, max(len(facts.variants), 1) + 1)
    parts = [
        _arm(facts, arm, variant, n, seed)
        for arm in range(1, len(facts.arms) + 1)
        for variant in variants
    ]
    for name in ("adsl", "adqs", "adlb", "adpc", "adae"):
        frame = pl.concat([part[name] for part in parts])
        frame.write_parquet(folder / f"{name}.parquet", row_group_size=row_group_size)


def _arm(facts, arm, variant, n, seed):
    # persons are drawn by seed alone, so a paired design has the same ones in all arms, and an arm
    # the same ones in all variants
    own = np.random.default_rng([seed, 0 if facts.is_paired else arm])
    rng = np.random.default_rng([seed, 100 * variant + arm])
    ids = np.arange(1, n + 1)
    crossed = variant if facts.variants else None
    usubjid, subjid = subject_identifiers(facts.study, arm, ids, crossed)
    who = {"STUDYID": [facts.study] * n, "USUBJID": usubjid, "SUBJID": subjid}
    adsl = _subjects(facts, arm, n, own, rng)
    tables = {"adsl": pl.DataFrame({**who, **adsl})}
    gone = np.where(np.isnan(adsl["DCDAY"]), np.inf, adsl["DCDAY"])
    shared = {**who, "TRTP": [facts.arms[arm - 1]] * n, "TRTPN": [arm] * n}
    tables["adqs"] = pl.concat(
        part for one in ENDPOINTS for part in _scores(one, arm, shared, gone, own, rng)
    )
    for name, is_level in (("adlb", False), ("adpc", True)):
        tables[name] = pl.concat(
            part
            for one in MARKERS
            if one[0].startswith("C_") == is_level
            for part in _values(one, arm, shared, gone, own, rng)
        )
    tables["adae"] = _events(facts, arm, who, adsl, rng)
    people = tables["adsl"].select("USUBJID", "AGE", "RACE", "SEX", "SAFFL", "ITTFL")
    for name, made in tables.items():
        frame = made
        if name != "adsl":  # the others copy these
            frame = frame.join(people, on="USUBJID", how="left", maintain_order="left")
        schema = polars_schema(facts.tables[name])
        cell = {"VARIANT": facts.variants[variant - 1], "VARIANTN": variant} if crossed else {}
        frame = frame.with_columns(pl.lit(value).alias(column) for column, value in cell.items())
        kept = [
            (pl.col(column) if column in frame.columns else pl.lit(None).alias(column)).cast(kind)
            for column, kind in schema.items()
        ]
        tables[name] = frame.select(kept).with_columns(pl.selectors.float().fill_nan(None))
    return tables


def _subjects(facts, arm, n, own, rng):
    failed = rng.random(n) < 0.01
    leaves = (rng.random(n) < 0.2 + 0.03 * arm) | failed
    day = np.where(leaves, np.floor(rng.random(n) * DURATION), np.nan)
    stops = leaves | (rng.random(n) < 0.02)
    stop_day = np.where(leaves, day, np.where(stops, np.floor(rng.random(n) * DURATION), np.nan))
    reasons = np.array(["ADVERSE EVENT", "LACK OF EFFICACY", "OTHER"])[rng.integers(0, 3, n)]
    reasons = np.where(failed, "SOLVER FAILURE", reasons)
    treated = rng.random(n) > 0.03
    planned = 56 * (arm > 1)
    taken = planned - rng.integers(0, 9, n) * (arm > 1)
    return {
        "ARM": [facts.arms[arm - 1]] * n,
        "TRT01P": [facts.arms[arm - 1]] * n,
        "TRT01PN": [arm] * n,
        "AGE": np.round(18 + 62 * own.random(n), 3),
        "SEX": np.where(own.random(n) < 0.6, "F", "M"),
        "RACE": np.array(["WHITE", "BLACK OR AFRICAN AMERICAN", "ASIAN"])[own.integers(0, 3, n)],
        "HEIGHTBL": own.normal(170, 10, n),
        "WEIGHTBL": own.normal(76, 14, n),
        "BMIBL": own.normal(26, 4, n),
        "SMOKER": np.where(own.random(n) < 0.2, "Y", "N"),
        "CRCL": np.where(own.random(n) < 0.05, np.nan, own.normal(100, 20, n)),
        "CYP2C19": np.array(["normal", "poor", "rapid"])[own.integers(0, 3, n)],
        "CYP2D6": np.array(["normal", "poor"])[own.integers(0, 2, n)],
        "SLC6A4": np.array(["S/S", "S/L", "L/L"])[own.integers(0, 3, n)],
        "COMT": pl.Series(np.where(own.random(n) < 0.1, "", "ValMet")).replace("", None),
        "MAOA": ["3R4R"] * n,
        "ITTFL": ["Y"] * n,
        "SAFFL": np.where(treated, "Y", "N"),
        "EOSSTT": np.where(leaves, "DISCONTINUED", "COMPLETED"),
        "DCSREAS": pl.Series(np.where(leaves, reasons, "")).replace("", None),
        "EOTSTT": np.where(stops, "DISCONTINUED", "COMPLETED"),
        "DCTREAS": pl.Series(np.where(stops, reasons, "")).replace("", None),
        "TRTDURD": np.where(np.isnan(stop_day), DURATION, stop_day),
        "DCDAY": day,
        "DCTDAY": stop_day,
        "RESCDAY": np.where(rng.random(n) < 0.05, 20.5, np.nan),
        "DOSEPLN": [planned] * n,
        "DOSETKN": np.broadcast_to(taken, n),
        "DOSECUM": 10.0 * (arm - 1) * np.broadcast_to(taken, n),
        "RESCODE": failed.astype(int),
    }


def _record(shared, week, **columns):
    n = len(shared["TRTPN"])
    return pl.DataFrame(
        {
            **shared,
            "AVISIT": [f"week {week:g}"] * n,
            "AVISITN": [week] * n,
            "ADY": [int(7 * week) + 1] * n,
            "ABLFL": ["Y" if week == 0 else None] * n,
            **columns,
        },
        strict=False,
    ).with_columns(pl.selectors.float().fill_nan(None))


def _yes(condition):
    return pl.Series(np.where(condition, "Y", "")).replace("", None)


def _scores(one, arm, shared, gone, own, rng):
    n = len(gone)
    base = held = np.round(own.normal(30, 4, n)).clip(20, 45)
    slope = own.normal(8, 3, n)
    rated = ~np.isinf(gone)
    seen_after = (gone > 7) | np.isinf(gone)
    for week in WEEKS:
        fall = (slope + 1.5 * arm) * np.sqrt(week / 8) + rng.normal(0, 3, n) * (week > 0)
        present = gone > 7 * week
        value = np.where(present, np.round(base - fall).clip(0, 60), held)
        held = value
        value = np.where(seen_after | (week == 0), value, np.nan)
        analysed = seen_after & ~np.isnan(value)
        after = week > 0
        response, remission = value <= base / 2, value <= one.remission_at_most
        known = ~np.isnan(value) & after
        yield _record(
            shared,
            week,
            PARAM=[one.label] * n,
            PARAMCD=[one.name] * n,
            AVAL=value,
            BASE=base,
            CHG=np.where(after, value - base, np.nan),
            DTYPE=pl.Series(np.where(~present & rated & analysed, "LOCF", "")).replace("", None),
            ANL01FL=_yes(analysed),
            CRIT1FL=pl.Series(np.where(known, np.where(response, "Y", "N"), "")).replace("", None),
            CRIT2FL=pl.Series(np.where(known, np.where(remission, "Y", "N"), "")).replace("", None),
        )


def _values(one, arm, shared, gone, own, rng):
    code, unit, mean, sd, effect = one
    n = len(gone)
    base = (mean + sd * own.normal(size=n)).clip(0)
    for week in WEEKS:
        after = week > 0
        drift = effect * (arm - 1) / 2 * np.exp(0.3 * rng.normal(size=n)) * after
        value = np.where(
            gone > 7 * week, base + drift + 0.2 * sd * rng.normal(size=n) * after, np.nan
        )
        value = value.clip(0)
        ratio = np.divide(value, base, out=np.full(n, np.nan), where=base > 0)
        yield _record(
            shared,
            week,
            PARAM=[f"{code} ({unit})"] * n,
            PARAMCD=[code] * n,
            AVALU=[unit] * n,
            AVAL=value,
            BASE=base,
            CHG=np.where(after, value - base, np.nan),
            R2BASE=np.where(after, ratio, np.nan),
            ANL01FL=_yes(~np.isnan(value)),
        )


def _events(facts, arm, who, adsl, rng):
    n = len(adsl["AGE"])
    last = np.where(np.isnan(adsl["DCDAY"]), DURATION, adsl["DCDAY"])
    parts = []
    for term, where, share in EVENTS:
        for repeat in (1.0, 0.3):
            here = np.flatnonzero(rng.random(n) < share * repeat * (1 + 0.3 * arm))
            m = len(here)
            day = 1 + np.floor(rng.random(m) * (last[here] + 1)).astype(int)
            serious = rng.random(m) < 0.03
            parts.append(
                pl.DataFrame(
                    {
                        "STUDYID": [facts.study] * m,
                        "USUBJID": who["USUBJID"].gather(here),
                        "SUBJID": who["SUBJID"].gather(here),
                        "TRTA": [facts.arms[arm - 1]] * m,
                        "TRTAN": [arm] * m,
                        "AEDECOD": [term] * m,
                        "AEBODSYS": [where] * m,
                        "ASTDY": day,
                        "AESEV": np.array(["MILD", "MODERATE", "SEVERE"])[rng.integers(0, 3, m)],
                        "AESER": np.where(serious, "Y", "N"),
                        "AEREL": np.array(["NONE", "REMOTE", "POSSIBLE", "PROBABLE"])[
                            rng.integers(0, 4, m)
                        ],
                        "AEACN": np.where(
                            rng.random(m) < 0.1, "DRUG WITHDRAWN", "DOSE NOT CHANGED"
                        ),
                        "TRTEMFL": ["Y"] * m,
                        "AEASCERT": ["spontaneous"] * m,
                    },
                    schema_overrides={"ASTDY": pl.Int64, "TRTAN": pl.Int64},
                )
            )
    return pl.concat(parts).sort("USUBJID", "ASTDY", "AEDECOD", maintain_order=True)
