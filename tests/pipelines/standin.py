"""A quick stand-in for `cohort.simulate.simulate`: same columns, numbers from a hash of the id.

Not a test: workers import it by name. Some patients fail, some leave, some have events.
"""

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np

FAILED_EVERY = 11
SLOW_S = 0.25
HANG_S = 600.0


def _uniform(ids, seed, draw):
    """Return numbers in (0, 1) that depend on the patient, the seed and the draw only."""
    mask = np.uint64(0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        x = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x + np.uint64(seed + 7919 * draw) * np.uint64(0xBF58476D1CE4E5B9)) & mask
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x ^= x >> np.uint64(31)
    return ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def simulate(protocol, arm, patient_ids, *, variant="", device="auto", trajectory_ids=frozenset()):
    ids = np.asarray(patient_ids)
    n = len(ids)
    strength = [one.name for one in protocol.arms].index(arm)
    strength += [one.name for one in protocol.variants].index(variant) if variant else 0
    u = [_uniform(ids, protocol.seed, draw) for draw in range(12)]
    failed = (ids % FAILED_EVERY) == 3
    leaves = (u[0] < 0.25) & ~failed
    duration = protocol.duration / 86_400
    left_day = np.where(leaves, np.floor(1 + u[1] * (duration - 2)), np.nan)
    failure_day = np.where(failed, np.floor(u[1] * duration), np.nan)
    gone = np.fmin(left_day, failure_day)
    reasons = np.array(["ADVERSE EVENT", "LACK OF EFFICACY", "OTHER"])[(u[2] * 3).astype(int)]
    adsl = {
        "patient_id": ids,
        "arm": np.full(n, arm),
        "age_y": 18 + 47 * u[3],
        "sex": np.where(u[4] < 0.6, "F", "M"),
        "ancestry": np.where(u[5] < 0.7, "white", "black"),
        "weight_kg": 50 + 50 * u[6],
        "height_cm": 150 + 40 * u[7],
        "bmi": (50 + 50 * u[6]) / (1.5 + 0.4 * u[7]) ** 2,
        "smoker": np.where(u[8] < 0.2, "yes", "no"),
        "crcl_ml_min": 60 + 80 * u[6],
        "cyp2c19": np.where(u[9] < 0.5, "normal", "poor"),
        "cyp2d6": np.full(n, "normal"),
        "slc6a4": np.full(n, "S/L"),
        "comt": np.full(n, "ValMet"),
        "maoa": np.where(u[4] < 0.6, "3R4R", "4R"),
        "completed": ~(leaves | failed),
        "discontinuation_reason": np.where(leaves, reasons, ""),
        "discontinuation_day": left_day,
        "completed_treatment": ~(leaves | failed),
        "treatment_end_reason": np.where(leaves, reasons, ""),
        "treatment_end_day": left_day,
        "stratum": np.full(n, ""),
        "rescue_day": np.full(n, np.nan),
        "rescue_doses_taken": np.zeros(n, np.int64),
        "doses_planned": np.full(n, int(duration)),
        "doses_taken": np.where(u[10] < 0.02, 0, int(duration) - 3),
        "cumulative_dose_mg": 10.0 * strength * np.full(n, duration - 3),
        "result_code": np.where(failed, 3, 0).astype(np.int16),
        "result_message": np.where(failed, "non_finite: a state became NaN", "success"),
        "failure_time_h": 24 * failure_day,
        "accepted_steps": (1000 * u[11]).astype(np.int64),
        "rejected_steps": (10 * u[11]).astype(np.int64),
    }
    return {
        "adsl": adsl,
        "adqs": _scores(protocol, arm, strength, ids, gone, failed, u),
        "adlb": _biomarkers(protocol, arm, strength, ids, gone, u),
        "adpc": _biomarkers(protocol, arm, strength, ids, gone, u, _COMPOUNDS),
        "adex": _doses(protocol, arm, adsl),
        "adae": _events(arm, strength, ids, u),
        "trajectories": _trajectories(arm, ids, trajectory_ids, u),
    }


def _scores(protocol, arm, strength, ids, gone, failed, u):
    rows = []
    for offset, endpoint in enumerate(protocol.endpoints):
        baseline = held = np.round(22 + 12 * u[3])
        for index, visit in enumerate(protocol.visits):
            day = visit.time / 86_400
            noise = _uniform(ids, protocol.seed, 100 + 10 * offset + index)
            fall = (4 + 2 * strength) * (day / 56) ** 0.5 + 14 * noise * (index > 0)
            rated = np.maximum(np.round(baseline - fall), 0)
            present = ~(gone <= day) if index else np.full(len(ids), True)
            carried = ~present & ~failed & (index > 0)
            value = np.where(present, rated, np.where(carried, held, np.nan))
            held = np.where(present, rated, held)
            rows.append(
                {
                    "patient_id": ids,
                    "arm": np.full(len(ids), arm),
                    "visit": np.full(len(ids), visit.name),
                    "visit_number": np.full(len(ids), day / 7),
                    "day": np.full(len(ids), int(day) + 1),
                    "target_day": np.full(len(ids), int(day) + 1),
                    "endpoint": np.full(len(ids), endpoint),
                    "value": value,
                    "baseline": baseline,
                    "change": value - baseline,
                    "percent_change": 100 * (value - baseline) / baseline,
                    "is_baseline": np.full(len(ids), index == 0),
                    "on_treatment": present & (index > 0),
                    "imputation": np.where(carried, "LOCF", ""),
                }
            )
    return _joined(rows)


_MARKERS = (("SERTOCC", "1", 0.2), ("EC5HT", "nmol/L", 3.7))
_COMPOUNDS = (("C_s_citalopram", "ng/mL", 12.0), ("C_r_citalopram", "ng/mL", 17.0))


def _doses(protocol, arm, adsl):
    """Spread the doses that were taken over the times between visits."""
    ids, days = adsl["patient_id"], [visit.time // 86_400 for visit in protocol.visits]
    until = np.fmin(
        np.fmin(adsl["treatment_end_day"], adsl["failure_time_h"] / 24), protocol.duration / 86_400
    )
    last = np.maximum(np.ceil(until), 1)
    begins = np.array(days[:-1])
    # the last time between visits that begins on treatment takes what is left
    place = np.searchsorted(begins, last, side="left") - 1
    rows = []
    for index, (begin, end, visit) in enumerate(
        zip(days, days[1:], protocol.visits[1:], strict=False)
    ):
        due = np.clip(last - begin, 0, end - begin).astype(np.int64)
        rows.append(
            {
                "patient_id": ids,
                "arm": np.full(len(ids), arm),
                "visit": np.full(len(ids), visit.name),
                "visit_number": np.full(len(ids), end / 7),
                "start_day": np.full(len(ids), begin + 1),
                "end_day": np.full(len(ids), end),
                "planned_mg": 10.0 * due,
                "taken_mg": np.where(place == index, adsl["cumulative_dose_mg"], 0.0),
                "due": due,
                "adjusted": (ids % 5 == 0) & (place == index),
            }
        )
    return _joined(rows)


def _biomarkers(protocol, arm, strength, ids, gone, u, what=_MARKERS):
    rows = []
    for code, unit, scale in what:
        baseline = scale * u[5]
        for index, visit in enumerate(protocol.visits):
            day = visit.time / 86_400
            grown = baseline * (1 + index * (strength + 0.2 * u[7]))
            value = np.where((gone <= day) & (index > 0), np.nan, grown)
            rows.append(
                {
                    "patient_id": ids,
                    "arm": np.full(len(ids), arm),
                    "visit": np.full(len(ids), visit.name),
                    "visit_number": np.full(len(ids), day / 7),
                    "day": np.full(len(ids), int(day) + 1),
                    "biomarker": np.full(len(ids), code),
                    "unit": np.full(len(ids), unit),
                    "value": value,
                    "baseline": baseline,
                    "change": value - baseline,
                    "ratio": value / baseline,
                    "on_treatment": ~(gone <= day) & (index > 0),
                }
            )
    return _joined(rows)


def _events(arm, strength, ids, u):
    rows = []
    for draw, term in enumerate(("Nausea", "Insomnia", "Nausea")):
        here = np.flatnonzero(u[draw + 4] < 0.1 + 0.05 * strength)
        n = len(here)
        onset = 1 + (30 * u[draw + 6][here]).astype(np.int64) + 2 * draw
        rows.append(
            {
                "patient_id": ids[here],
                "arm": np.full(n, arm),
                "term": np.full(n, term),
                "onset_day": onset,
                "end_day": np.where(u[9][here] < 0.5, np.nan, onset + 4.0),
                "severity": np.where(u[8][here] < 0.7, "MILD", "SEVERE"),
                "toxicity_grade": np.where(u[8][here] < 0.7, 1.0, np.nan),
                "serious": u[8][here] > 0.95,
                "resulted_in_death": np.zeros(n, bool),
                "life_threatening": np.zeros(n, bool),
                "hospital": u[8][here] > 0.97,
                "disability": np.zeros(n, bool),
                "medically_important": (u[8][here] > 0.95) & (u[8][here] <= 0.97),
                "relation": np.where(u[9][here] < 0.3, "NONE", "POSSIBLE"),
                "action": np.where(u[8][here] > 0.9, "DRUG WITHDRAWN", "DOSE NOT CHANGED"),
                "outcome": np.where(
                    u[9][here] < 0.5, "NOT RECOVERED/NOT RESOLVED", "RECOVERED/RESOLVED"
                ),
                "signs": np.full(n, ""),
                "ascertainment": np.full(n, "spontaneous"),
            }
        )
    return _joined(rows)


def _trajectories(arm, ids, trajectory_ids, u):
    here = np.flatnonzero(np.isin(ids, sorted(trajectory_ids)))
    return _joined(
        [
            {
                "patient_id": ids[here],
                "arm": np.full(len(here), arm),
                "time_h": np.full(len(here), float(hour)),
                "quantity": np.full(len(here), "SERTOCC"),
                "unit": np.full(len(here), "1"),
                "value": u[0][here] / (1 + hour),
            }
            for hour in (0, 24, 48)
        ]
    )


def _joined(rows):
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def slow(protocol, arm, patient_ids, **options):
    time.sleep(SLOW_S)
    return simulate(protocol, arm, patient_ids, **options)


def poison(protocol, arm, patient_ids, **options):
    """Kill the worker on one block of the first arm, as running out of memory would."""
    if 5 in np.asarray(patient_ids) % 10_000_000 and arm == protocol.arms[0].name:
        os.kill(os.getpid(), signal.SIGKILL)
    return simulate(protocol, arm, patient_ids, **options)


def poison_once(protocol, arm, patient_ids, **options):
    """Kill the worker the first time; a file in the current folder remembers."""
    if 5 in np.asarray(patient_ids) % 10_000_000 and arm == protocol.arms[0].name:
        mark = Path(os.environ["STANDIN_MARK"])
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return simulate(protocol, arm, patient_ids, **options)


def broken(protocol, arm, patient_ids, **options):
    raise ZeroDivisionError("planted")


def broken_block(protocol, arm, patient_ids, **options):
    """Raise in one block of the first arm until a file is there, if one is named."""
    mark = os.environ.get("STANDIN_MARK")
    is_mended = mark is not None and Path(mark).exists()
    if 5 in np.asarray(patient_ids) % 10_000_000 and arm == protocol.arms[0].name and not is_mended:
        raise ZeroDivisionError("planted")
    return simulate(protocol, arm, patient_ids, **options)


def broken_twice(protocol, arm, patient_ids, **options):
    """Raise at the first two attempts at one block; a file counts them."""
    if 5 in np.asarray(patient_ids) % 10_000_000 and arm == protocol.arms[0].name:
        mark = Path(os.environ["STANDIN_MARK"])
        before = mark.read_text() if mark.exists() else ""
        mark.write_text(before + "x")
        if len(before) < 2:
            raise TimeoutError("planted")
    return simulate(protocol, arm, patient_ids, **options)


def full_disk(protocol, arm, patient_ids, **options):
    """Let no file of this process grow beyond some kilobytes from here on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    return simulate(protocol, arm, patient_ids, **options)


def hang_once(protocol, arm, patient_ids, **options):
    """Never come back from one block the first time; a file remembers."""
    if 5 in np.asarray(patient_ids) % 10_000_000 and arm == protocol.arms[0].name:
        mark = Path(os.environ["STANDIN_MARK"])
        if not mark.exists():
            mark.touch()
            time.sleep(HANG_S)
    return simulate(protocol, arm, patient_ids, **options)
