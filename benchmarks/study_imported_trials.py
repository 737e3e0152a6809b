"""Trials of models from files beside libRoadRunner: same patients, same doses, other program.

    python benchmarks/study_imported_trials.py DIR [--patients 20]

DIR holds the files of BioModels that `CASES` names. Each case becomes a protocol: parameters differ
between patients, a bolus is given every day. The tables of `cohort.simulate` tell the parameters of
each patient; libRoadRunner is given these, integrates from dose to dose at tight tolerances and
adds each dose to the species itself. What every visit reports is compared. Writes
benchmarks/results/imported_trials.json and benchmarks/sbml/TRIALS.md.
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from sbml import files  # noqa: E402

from cohort.imported import trial_model  # noqa: E402
from cohort.simulate import simulate  # noqa: E402
from cohort.trial import allocate, dose_times, parse_protocol  # noqa: E402

RESULT = HERE / "results" / "imported_trials.json"
TABLE = HERE / "sbml" / "TRIALS.md"
WARFARIN = HERE.parent / "docs" / "how-to" / "warfarin.xml"
HOUR_S = 3600
TOLERANCES = ((files.RTOL, files.ATOL), (1e-9, 1e-11), (1e-8, 1e-10), (1e-7, 1e-9))
"""Asked of CVODE: the next where it finds one too much after a dose."""
AGREE = 1e-4
"""Largest difference, relative to the level or 1e-6 of its largest: ours integrates at 1e-6."""
NOTHING = 1e-15
"""A share of the largest level of all below which another level is round-off."""

# file, unit of time where the file does not mean what it says, into what, amount of one dose,
# parameters that differ between patients, days
CASES = (
    (WARFARIN.stem, None, "C", 5.0, ("CL", "V", "C50", "kout"), 14),
    ("BIOMD0000000698_Reed2004_methionine", None, "Methionine", 20.0, 4, 7),
    ("BIOMD0000000916_Kraan1992_cortisol_excretion", None, None, 10.0, 4, 7),
    ("MODEL0911270004_GonzalezHeydrich1994_HPA", None, "cortisol", 10.0, 4, 7),
    ("MODEL1172200168_Bingzheng1990_HPA", None, None, 1.0, 4, 7),
    ("BIOMD0000000576_Kolodkin2013_cortisol_receptor", None, "DEX", 100.0, 6, 7),
    ("MODEL1910240001_Petrov2018_AChE_inhibitor", "hour", None, 1.0, 3, 7),
    ("MODEL1912170005_Yakimchuk2019_glucocorticoid_immune", "day", None, 1.0, 4, 14),
)
"""Where no species is named it is the first that changes; a number of parameters takes the first
constants that are not 0."""


def protocol_of(path, unit, into, amount, varied, days, patients):
    """Return a protocol that doses a species every day at noon."""
    spread = "\n".join(f"    - {{parameter: {name}, cv: 15 %}}" for name in varied)
    timing = f"  time_unit: {unit}\n" if unit else ""
    return f"""\
schema_version: 1
name: beside
title: Beside libRoadRunner
seed: 11
model:
  file: {path}
{timing}  drugs: [{{name: dose, into: {into}, amount_per_mg: {amount!r}}}]
  variability:
{spread}
duration: {days} day
visits: [week 0, day 3, {{name: end, time: {days} day}}]
arms:
  - {{name: none, control: true, patients: {patients}}}
  - {{name: dosed, patients: {patients}, regimens: [{{drug: dose, dose: 1 mg, at: 12:00}}]}}
endpoints: [{into}]
primary_endpoint: {into}
"""


def choose(path, unit, into, varied):
    """Return what to dose and what to vary, where the case leaves it to the file."""
    from cohort.sbml import read_sbml  # noqa: PLC0415

    model = read_sbml(path)
    ids = {name: sbml_id for sbml_id, name in model.names.items()}
    if into is None:
        held = {str(amount): sbml_id for sbml_id, amount in model.amounts.items()}
        held |= {str(value): sbml_id for sbml_id, value in model.meanings.items()}
        into = next(held[state] for state in model.system.states if state in held)
    if isinstance(varied, int):
        compartments = {str(one) for one in model.names if one in model.system.parameters}
        rr = files.roadrunner().RoadRunner(str(path))
        allowed = set(rr.model.getGlobalParameterIds()) & compartments
        varied = [
            ids[name]
            for name, value in model.parameters.items()
            if value and ids.get(name) in allowed
        ][:varied]
    return into, list(varied)


def ours(protocol):
    """Return values at the visits by id, shape (visit, patient), and parameters by id."""
    tables = simulate(protocol, "dosed", allocate(protocol, "dosed"))
    rows = tables["adlb"]
    n = len(tables["adsl"]["patient_id"])
    found, drawn = {}, {}
    for code in trial_model(protocol.model).codes:
        values = rows["value"][rows["biomarker"] == code].reshape(-1, n)
        if code.startswith("P_"):
            drawn[code[2:]] = values[0]
        else:
            found[code] = values
    return found, drawn, tables["adsl"]["result_code"]


def theirs(path, protocol, amount, drawn, shown):
    """Return the same of libRoadRunner, and its relative tolerance."""
    for rtol, atol in TOLERANCES[:-1]:
        try:
            return dosed(path, protocol, amount, drawn, shown, rtol, atol), rtol
        except RuntimeError as error:
            print(f"{path.name}: {str(error).splitlines()[0]}")
    rtol, atol = TOLERANCES[-1]
    return dosed(path, protocol, amount, drawn, shown, rtol, atol), rtol


def dosed(path, protocol, amount, drawn, shown, rtol, atol):
    """Return what libRoadRunner shows at the visits, integrating from dose to dose."""
    engine = files.roadrunner()
    engine.Logger.setLevel(engine.Logger.LOG_CRITICAL)
    rr = files.prepare(engine.RoadRunner(str(path)))
    rr.getIntegrator().setValue("relative_tolerance", rtol)
    rr.getIntegrator().setValue("absolute_tolerance", atol)
    seconds = trial_model(protocol.model).seconds_per_time_unit
    into = protocol.model.drugs[0].into
    doses = list(dose_times(protocol.arms[1].regimens[0], protocol.duration))
    visits = [visit.time for visit in protocol.visits]
    species = set(rr.model.getFloatingSpeciesIds()) | set(rr.model.getBoundarySpeciesIds())
    concentrations = {
        name
        for name in shown
        if name in species and trial_model(protocol.model).sbml.is_concentration(name)
    }
    n = len(next(iter(drawn.values())))
    found = {name: np.empty((len(visits), n)) for name in shown}
    for patient in range(n):
        rr.resetToOrigin()
        for name, values in drawn.items():
            rr.setValue(name, float(values[patient]))
        rr.reset(engine.SelectionRecord.TIME | engine.SelectionRecord.RATE)
        now = 0
        for time in sorted({*doses, *visits}):
            if time > now:
                rr.simulate(now / seconds, time / seconds, 2)
                now = time
            if time in visits:  # a level at a dose is its trough
                for name in shown:
                    wanted = f"[{name}]" if name in concentrations else name
                    found[name][visits.index(time), patient] = rr.getValue(wanted)
            if time in doses:
                rr.setValue(into, rr.getValue(into) + amount)
    return found


def compare(case, folder, patients):
    name, unit, into, amount, varied, days = case
    path = WARFARIN if name == WARFARIN.stem else folder / f"{name}.xml"
    into, varied = choose(path, unit, into, varied)
    protocol = parse_protocol(protocol_of(path, unit, into, amount, varied, days, patients))
    mine, drawn, codes = ours(protocol)
    other, their_rtol = theirs(path, protocol, amount, drawn, list(mine))
    worst, where = 0.0, ""
    largest = max(float(np.abs(values).max()) for values in other.values())
    for code, values in mine.items():
        floor = max(1e-6 * float(np.abs(other[code]).max()), NOTHING * largest)
        scale = np.maximum(np.abs(other[code]), floor)
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.abs(values - other[code]) / np.where(scale > 0, scale, 1.0)
        if not np.nanmax(off) <= worst:
            worst, where = float(np.nanmax(off)), code
    return {
        "file": path.name,
        "time_unit_s": trial_model(protocol.model).seconds_per_time_unit,
        "into": into,
        "amount": amount,
        "doses": days,
        "varied": varied,
        "patients": patients,
        "quantities": len(mine),
        "failed": int(np.count_nonzero(codes)),
        "their_rtol": their_rtol,
        "worst": float(f"{worst:.1e}"),
        "where": where,
        "agrees": bool(worst <= AGREE),
    }


def text(found):
    lines = [
        "# Trials of models from files beside libRoadRunner",
        "",
        "Written by `python benchmarks/study_imported_trials.py DIR` from "
        "`benchmarks/results/imported_trials.json`; not by hand.",
        "",
        f"libRoadRunner {found['libroadrunner']} at the relative tolerance of the table, "
        "integrated from dose to dose; ours through a protocol at its default tolerances (1e-6, "
        "1e-12). One dose a day; the parameters named differ between patients by 15 %. *Worst*: "
        "largest difference of any quantity at any visit in any patient, relative to its level or "
        f"1e-6 of its largest; at most {AGREE:g} agrees.",
        "",
        "| file | dose into | doses | varied | patients | quantities | its rtol | worst | where | "
        "verdict |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for r in found["rows"]:
        verdict = "agrees" if r["agrees"] and not r["failed"] else "differs"
        lines.append(
            f"| {r['file']} | {r['amount']:g} into {r['into']} | {r['doses']} | "
            f"{', '.join(r['varied'])} | {r['patients']} | {r['quantities']} | "
            f"{r['their_rtol']:.0e} | {r['worst']:.0e} | "
            f"{r['where']} | {verdict} |"
        )
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=20)
    options = parser.parse_args()
    rows = []
    for case in CASES:
        rows.append(compare(case, options.folder, options.patients))
        print(rows[-1], flush=True)
    found = {"libroadrunner": files.roadrunner().__version__, "rows": rows}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    TABLE.write_text(text(found))


if __name__ == "__main__":
    main()
