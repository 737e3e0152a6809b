"""One thing broken in a valid protocol gives one mistake, with its line and its remedy."""

import json
import pickle

import pytest

from cohort.errors import ProtocolError
from cohort.trial import load_protocol, parse_protocol

VALID = """\
# A small valid trial; each test breaks one thing in it.
schema_version: 1
name: small
title: A small trial
seed: 7
design: parallel
condition: major_depression
population:
  age_min: 18 y
  age_max: 65 y
duration: 8 week
run_in: 2 day
visits: [week 0, week 4, week 8]
adherence:
  probability: 0.9
  sd_logit: 1
arms:
  - name: placebo
    control: true
    patients: 10
  - name: active
    patients: 10
    regimens:
      - drug: escitalopram
        dose: 10 mg
        every: 1 day
        at: 08:00
        start: week 0
        stop: week 8
endpoints: [MADRS, HAMD17]
primary_endpoint: MADRS
adverse_events: [nausea]
ascertainment: spontaneous
"""
ARMS = VALID[VALID.index("arms:") : VALID.index("endpoints:")]
PLACEBO = "    patients: 10\n  - name: active"
TIMES = "start: week 0\n        stop: week 8"
ROW = "published:\n  - {arm: %s, scale: %s, visit: week 8, n_randomized: 10, mark: read, %s}\n"

# what is broken: (text, its replacement, line of the mistake, key path, part of the message)
WRONG = {
    "a biomarker of a system that is not simulated": (
        "[MADRS, HAMD17]",
        "[MADRS, CHVA]",
        30,
        "endpoints[1]",
        "'CHVA' is reported by the system 'dopamine', which this trial does not simulate. Add it",
    ),
    "a level of a compound that nobody takes": (
        "[MADRS, HAMD17]",
        "[MADRS, C_sertraline]",
        30,
        "endpoints[1]",
        "'C_sertraline' is of no drug of this trial; what its drugs bring is reported. ",
    ),
    "a measure that is not taken": (
        "[MADRS, HAMD17]",
        "[MADRS, QTCF]",
        30,
        "endpoints[1]",
        "'QTCF' is measured only where the protocol says so. Write 'measures: [QTCF]'",
    ),
    "a biomarker that is none": (
        "[MADRS, HAMD17]",
        "[MADRS, C5HIA]",
        30,
        "endpoints[1]",
        "Did you mean 'C5HIAA'",
    ),
    "decisions on scores that nobody rates": (
        "endpoints: [MADRS, HAMD17]\nprimary_endpoint: MADRS",
        "endpoints: [C5HIAA]\nprimary_endpoint: C5HIAA\n"
        "rescue: {drug: lorazepam, dose: 1 mg, if: score >= 30, from: week 4}",
        32,
        "rescue.if",
        "decisions read scores, and no endpoint is a rating scale; at least one is needed",
    ),
    "visit windows that meet": (
        "run_in: 2 day",
        "run_in: 2 day\nvisit_window: 2 week",
        13,
        "visit_window",
        "2 week to both sides were given, and two visits are 4 week apart",
    ),
    "a visit window of nothing": (
        "run_in: 2 day",
        "run_in: 2 day\nvisit_window: 0 day",
        13,
        "visit_window",
        "0",
    ),
    "a visit window without a unit": (
        "run_in: 2 day",
        "run_in: 2 day\nvisit_window: 3",
        13,
        "visit_window",
        "3 day",
    ),
    "ratings by an unknown noise": (
        "ascertainment: spontaneous\n",
        "ascertainment: spontaneous\nratings: {noise: item}\n",
        34,
        "ratings.noise",
        "items",
    ),
    "raters that differ and are not there": (
        "ascertainment: spontaneous\n",
        "ascertainment: spontaneous\nratings: {rater_sd: 0.5}\n",
        34,
        "ratings.rater_sd",
        "Add 'raters: 12'",
    ),
    "a negative number of raters": (
        "ascertainment: spontaneous\n",
        "ascertainment: spontaneous\nratings: {raters: -2}\n",
        34,
        "ratings.raters",
        "-2",
    ),
    "inflation without end": (
        "ascertainment: spontaneous\n",
        "ascertainment: spontaneous\nratings: {entry_inflation: 99}\n",
        34,
        "ratings.entry_inflation",
        "99 was given; from 0 to 20 points are allowed",
    ),
    "unknown drug": (
        "drug: escitalopram",
        "drug: escitalopran",
        24,
        "arms.active.regimens[0].drug",
        "are known. Did you mean 'escitalopram'",
    ),
    "drug file that is not there": (
        "drug: escitalopram",
        "drug: my/own.yaml",
        24,
        "arms.active.regimens[0].drug",
        "no such file 'my/own.yaml'",
    ),
    "dose without unit": (
        "dose: 10 mg",
        "dose: 10",
        25,
        "arms.active.regimens[0].dose",
        "10 has no unit; a dose is written with its unit. Write 'dose: 10 mg'.",
    ),
    "dose without unit, as text": (
        "dose: 10 mg",
        'dose: "10"',
        25,
        "arms.active.regimens[0].dose",
        "Write 'dose: 10 mg'.",
    ),
    "dose in another dimension": (
        "dose: 10 mg",
        "dose: 10 mL",
        25,
        "arms.active.regimens[0].dose",
        "'10 mL' is given in [mL]; the quantity is measured in [mg]",
    ),
    "dose in no unit": (
        "dose: 10 mg",
        "dose: 10 mgg",
        25,
        "arms.active.regimens[0].dose",
        "'10 mgg' was given; a dose is wanted, with its unit. Write 'dose: 10 mg'.",
    ),
    "negative dose": (
        "dose: 10 mg",
        "dose: -10 mg",
        25,
        "arms.active.regimens[0].dose",
        "'-10 mg' was given; a dose is greater than 0 mg",
    ),
    "zero dose": (
        "dose: 10 mg",
        "dose: 0 mg",
        25,
        "arms.active.regimens[0].dose",
        "leave the regimen out: an arm without regimens takes placebo.",
    ),
    "dose above the drug's range": (
        "dose: 10 mg",
        "dose: 1 g",
        25,
        "arms.active.regimens[0].dose",
        "1000 mg; escitalopram is given from",
    ),
    "daily dose below the drug's range": (
        "dose: 10 mg\n        every: 1 day",
        "dose: 1 mg\n        every: 12 h",
        25,
        "arms.active.regimens[0].dose",
        "1 mg every 12 h is 2 mg a day; escitalopram is given from",
    ),
    "dose of the wrong type": (
        "dose: 10 mg",
        "dose: true",
        25,
        "arms.active.regimens[0].dose",
        "true was given; a dose is wanted. Write 'dose: 10 mg'.",
    ),
    "dose left empty": (
        "dose: 10 mg",
        "dose:",
        25,
        "arms.active.regimens[0].dose",
        "nothing was given; a dose is wanted.",
    ),
    "dose that is not finite": (
        "dose: 10 mg",
        "dose: inf mg",
        25,
        "arms.active.regimens[0].dose",
        "'inf mg' is not finite",
    ),
    "unknown condition": (
        "major_depression",
        "major_depresion",
        7,
        "condition",
        "unknown condition 'major_depresion'; 10 are known. Did you mean 'major_depression'?",
    ),
    "unknown endpoint": (
        "[MADRS, HAMD17]",
        "[MADRS, HAMD71]",
        30,
        "endpoints[1]",
        "unknown rating scale 'HAMD71'; 20 are known. Did you mean 'HAMD21'",
    ),
    "endpoint of another condition": (
        "[MADRS, HAMD17]",
        "[MADRS, PANSS]",
        30,
        "endpoints[1]",
        "PANSS does not measure major_depression; HAMD17, HAMD21, HAMD24, MADRS, PHQ9, QIDSSR, "
        "ISI, CGIS do. Use one",
    ),
    "entry on the scale of another condition": (
        "  age_min: 18 y",
        "  entry: {scale: UPDRS, at_least: 20}\n  age_min: 18 y",
        9,
        "population.entry.scale",
        "UPDRS does not measure major_depression",
    ),
    "entry beyond the scale": (
        "  age_min: 18 y",
        "  entry: {scale: MADRS, at_least: 220}\n  age_min: 18 y",
        9,
        "population.entry.at_least",
        "220 points was given; MADRS goes from 0 to 60",
    ),
    "ages that nobody with the condition has": (
        "age_min: 18 y\n  age_max: 65 y",
        "age_min: 50 y\n  age_max: 65 y",
        8,
        "population",
        "major_depression does not fit: age_mean_y: 41.0 [y]; from 50 to 65",
    ),
    "endpoint of the wrong type": (
        "[MADRS, HAMD17]",
        "[MADRS, 17]",
        30,
        "endpoints[1]",
        "17 was given; a text is wanted.",
    ),
    "endpoints that are no list": (
        "[MADRS, HAMD17]",
        "MADRS",
        30,
        "endpoints",
        "'MADRS' was given; a list is wanted. Write '[a, b]'",
    ),
    "endpoint twice": (
        "[MADRS, HAMD17]",
        "[MADRS, MADRS]",
        30,
        "endpoints[1]",
        "'MADRS' is the second of this name",
    ),
    "no endpoint": ("[MADRS, HAMD17]", "[]", 30, "endpoints", "at least one endpoint is needed"),
    "primary endpoint that is not measured": (
        "primary_endpoint: MADRS",
        "primary_endpoint: HAMD24",
        31,
        "primary_endpoint",
        "'HAMD24' is not among the endpoints; it is one of them. Did you mean 'HAMD17'?",
    ),
    "unknown system": (
        "condition: major_depression",
        "condition: major_depression\nsystems: [dopamin]",
        8,
        "systems[0]",
        "are known. Did you mean 'dopamine'?",
    ),
    "unknown adverse event": (
        "[nausea]",
        "[nausia]",
        32,
        "adverse_events[0]",
        "unknown adverse event 'nausia'; 68 are known. Did you mean 'nausea'?",
    ),
    "visit after the end": (
        "week 4, week 8]",
        "week 4, week 9]",
        13,
        "visits[2]",
        "visit 'week 9' is at 9 week, the trial ends at 8 week",
    ),
    "visit after the end among others": (
        "week 4, week 8]",
        "week 9, week 8]",
        13,
        "visits[1]",
        "visit 'week 9' is at 9 week, the trial ends at 8 week",
    ),
    "visit twice": (
        "week 4, week 8]",
        "week 4, week 4, week 8]",
        13,
        "visits[2].name",
        "'week 4' is the second of this name; visits have different names",
    ),
    "two visits at one time": (
        "week 4, week 8]",
        "week 4, 28 day, week 8]",
        13,
        "visits[2]",
        "visits 'week 4' and '28 day' are both at 4 week",
    ),
    "visits out of order": (
        "week 4, week 8]",
        "week 8, week 4]",
        13,
        "visits[2]",
        "visit 'week 4' at 4 week stands after 'week 8' at 8 week",
    ),
    "no baseline visit": (
        "[week 0, week 4",
        "[week 1, week 4",
        13,
        "visits[0]",
        "the first visit is at 1 week; it is the baseline, at week 0. Add 'week 0' before it.",
    ),
    "visit before the baseline": (
        "week 4, week 8]",
        "week -4, week 8]",
        13,
        "visits[1].time",
        "'-4 week' was given; from week 0 to 520 week is allowed",
    ),
    "visit without unit": (
        "week 4, week 8]",
        "4, week 8]",
        13,
        "visits[1].time",
        "4 has no unit; a time in the trial is written with its unit. Write 'week 4'.",
    ),
    "visit on day 0": (
        "week 4, week 8]",
        "day 0, week 8]",
        13,
        "visits[1].time",
        "the day of the first dose is day 1, and there is no day 0",
    ),
    "no visit": (
        "[week 0, week 4, week 8]",
        "[]",
        13,
        "visits",
        "the list is empty; at least 1 of visits is needed",
    ),
    "arm twice": (
        "name: active",
        "name: Placebo",
        21,
        "arms.Placebo.name",
        "'Placebo' is the second of this name; arms have different names",
    ),
    "arm without patients": (
        PLACEBO,
        PLACEBO.replace("10", "0"),
        20,
        "arms.placebo.patients",
        "0 was given; from 1 to 10000000 is allowed (patients)",
    ),
    "arm too large": (
        PLACEBO,
        PLACEBO.replace("10", "10000001"),
        20,
        "arms.placebo.patients",
        "10000001 was given; from 1 to 10000000 is allowed",
    ),
    "patients as a word": (
        PLACEBO,
        PLACEBO.replace("10", "ten"),
        20,
        "arms.placebo.patients",
        "'ten' was given; a whole number is wanted",
    ),
    "patients in quotes": (
        PLACEBO,
        PLACEBO.replace("10", "'10'"),
        20,
        "arms.placebo.patients",
        "Write 'patients: 10'.",
    ),
    "half a patient": (
        PLACEBO,
        PLACEBO.replace("10", "10.5"),
        20,
        "arms.placebo.patients",
        "10.5 was given; a whole number is wanted",
    ),
    "missing key of an arm": (
        PLACEBO,
        "  - name: active",
        18,
        "arms.placebo.patients",
        "the key 'patients' is missing; it is needed. Add the line 'patients: 120'.",
    ),
    "no control arm": (
        "    control: true\n",
        "",
        17,
        "arms",
        "no arm is the control; exactly one is. Add 'control: true'",
    ),
    "two control arms": (
        "  - name: active\n",
        "  - name: active\n    control: true\n",
        22,
        "arms.active.control",
        "'active' is a second control beside 'placebo'",
    ),
    "control as yes": (
        "control: true",
        "control: yes",
        19,
        "arms.placebo.control",
        "'yes' was given; true or false is wanted. Write true or false without quotes.",
    ),
    "misspelled key that is needed elsewhere": (
        "control: true",
        "contrl: true",
        19,
        "arms.placebo.contrl",
        "unknown key 'contrl'; allowed: name, control, patients, regimens, supplements, adherence, "
        "sequence. Did you mean 'control'?",
    ),
    "misspelled required key": (
        "seed: 7",
        "sed: 7",
        5,
        "sed",
        "unknown key 'sed'; allowed: schema_version, name,",
    ),
    "key that is like no other": (
        "seed: 7",
        "seed: 7\ncolour: red",
        6,
        "colour",
        "Delete it, or use one of these.",
    ),
    "no arm": (ARMS, "arms: []\n", 17, "arms", "the list is empty; at least 1 of arms is needed"),
    "arms missing": (ARMS, "", 2, "arms", "the key 'arms' is missing; it is needed."),
    "arms as a mapping": (
        ARMS,
        "arms:\n  placebo: {patients: 3}\n",
        17,
        "arms",
        "a mapping (placebo) was given; a list is wanted.",
    ),
    "arm as a word": (
        "  - name: placebo\n    control: true\n    patients: 10\n",
        "  - placebo\n",
        18,
        "arms[0]",
        "'placebo' was given; a mapping with the keys name, control,",
    ),
    "stop before start": (
        TIMES,
        "start: week 4\n        stop: week 2",
        29,
        "arms.active.regimens[0].stop",
        "the regimen stops at 2 week and starts at 4 week",
    ),
    "regimen after the end": (
        TIMES,
        "start: week 9",
        28,
        "arms.active.regimens[0].start",
        "the regimen starts at 9 week, the trial ends at 8 week",
    ),
    "regimen beyond the end": (
        "stop: week 8",
        "stop: week 9",
        29,
        "arms.active.regimens[0].stop",
        "the regimen stops at 9 week, the trial ends at 8 week",
    ),
    "regimen without a dose": (
        TIMES,
        "start: week 1\n        stop: 173 h",
        29,
        "arms.active.regimens[0].stop",
        "no dose falls between 1 week and 173 h",
    ),
    "overlapping regimens": (
        "        " + TIMES,
        "      - {drug: escitalopram, dose: 20 mg, start: week 1}",
        28,
        "arms.active.regimens[1]",
        "overlaps the regimen of escitalopram from 0 week; one regimen of a drug at a time is "
        "allowed. Write 'stop: 1 week' in the earlier one.",
    ),
    "one drug twice at once": (
        "        " + TIMES,
        "      - {drug: escitalopram, dose: 20 mg}",
        28,
        "arms.active.regimens[1]",
        "escitalopram is given twice from 0 week on",
    ),
    "interval of zero": (
        "every: 1 day",
        "every: 0 h",
        26,
        "arms.active.regimens[0].every",
        "'0 h' was given; from 1 h to 52 week is allowed",
    ),
    "interval without unit": (
        "every: 1 day",
        "every: 24",
        26,
        "arms.active.regimens[0].every",
        "Write 'every: 24 h'.",
    ),
    "hour alone": (
        "at: 08:00",
        "at: 8",
        27,
        "arms.active.regimens[0].at",
        "8 was given; a time of day is wanted, hours:minutes. Write 'at: 08:00'.",
    ),
    "hour beyond the day": (
        "at: 08:00",
        "at: 25:00",
        27,
        "arms.active.regimens[0].at",
        "'25:00' was given; from 00:00 to 23:59 is allowed",
    ),
    "ages swapped": (
        "age_min: 18 y\n  age_max: 65 y",
        "age_min: 65 y\n  age_max: 18 y",
        10,
        "population.age_max",
        "ages from 65 y to 18 y leave nobody",
    ),
    "child": (
        "age_min: 18 y",
        "age_min: 5 y",
        9,
        "population.age_min",
        "'5 y' was given; from 18 y to 80 y is allowed",
    ),
    "probability above 1": (
        "probability: 0.9",
        "probability: 1.9",
        15,
        "adherence.probability",
        "1.9 was given; from 0 (0 %) to 1 (100 %) is allowed",
    ),
    "percent without its sign": (
        "probability: 0.9",
        "probability: 90",
        15,
        "adherence.probability",
        "Write 'probability: 90 %'.",
    ),
    "negative spread": (
        "sd_logit: 1",
        "sd_logit: -1",
        16,
        "adherence.sd_logit",
        "-1 was given; from 0 (all patients alike) to 5 is allowed",
    ),
    "negative seed": ("seed: 7", "seed: -1", 5, "seed", "-1 was given; from 0 to 9223372036854775"),
    "seed too large": (
        "seed: 7",
        "seed: 99999999999999999999",
        5,
        "seed",
        "from 0 to 9223372036854775807 is allowed",
    ),
    "schema of another version": (
        "schema_version: 1",
        "schema_version: 2",
        2,
        "schema_version",
        "2 was given; 1 is wanted",
    ),
    "key twice": (
        "seed: 7",
        "seed: 7\nseed: 8",
        6,
        "seed",
        "'seed' is written a second time (first on line 5)",
    ),
    "design that is none": (
        "design: parallel",
        "design: paralel",
        6,
        "design",
        "'paralel' was given; 'parallel' or 'counterfactual' is wanted. Did you mean 'parallel'?",
    ),
    "counterfactual arms of different size": (
        VALID[VALID.index("design:") : VALID.index("    regimens:")],
        VALID[VALID.index("design:") : VALID.index("    regimens:")]
        .replace("parallel", "counterfactual")
        .replace("10\n  - name", "12\n  - name"),
        22,
        "arms.active.patients",
        "'active' has 10 patients and 'placebo' has 12",
    ),
    "ascertainment that is none": (
        "ascertainment: spontaneous",
        "ascertainment: asked",
        33,
        "ascertainment",
        "'spontaneous' or 'checklist' is wanted",
    ),
    "missing data by another rule": (
        "ascertainment: spontaneous",
        "missing_data: MMRM",
        33,
        "missing_data",
        "'MMRM' was given; 'LOCF' is wanted",
    ),
    "duration without unit": (
        "duration: 8 week",
        "duration: 8",
        11,
        "duration",
        "Write 'duration: 8 week'.",
    ),
    "duration written as a time": (
        "duration: 8 week",
        "duration: week 8",
        11,
        "duration",
        "'week 8' is a time in the trial; a length of time is wanted. Write 'duration: 8 week'.",
    ),
    "duration of decades": (
        "duration: 8 week",
        "duration: 2000 week",
        11,
        "duration",
        "'2000 week' was given; from 1 day to 520 week is allowed",
    ),
    "run-in of half days": (
        "run_in: 2 day",
        "run_in: 36 h",
        12,
        "run_in",
        "'36 h' was given; whole days are allowed",
    ),
    "name for no file": (
        "name: small",
        "name: My Trial",
        3,
        "name",
        "small letters, digits, _ and -",
    ),
    "title left empty": (
        "title: A small trial",
        "title:",
        4,
        "title",
        "nothing was given; a text is wanted",
    ),
    "meal without unit": (
        "ascertainment: spontaneous",
        "meals: [{at: 08:00, protein: 20}]",
        33,
        "meals[0].protein",
        "Write 'protein: 20 g'.",
    ),
    "half an entry criterion": (
        "  age_min: 18 y",
        "  entry: {scale: MADRS}\n  age_min: 18 y",
        9,
        "population.entry.at_least",
        "the key 'at_least' is missing",
    ),
    "published arm of another trial": (
        "ascertainment: spontaneous\n",
        ROW % ("activ", "MADRS", "source: a table"),
        34,
        "published[0].arm",
        "'activ' is no arm of this protocol; published results belong to one. Did you mean",
    ),
    "published scale that is none": (
        "ascertainment: spontaneous\n",
        ROW % ("active", "MADR", "source: a table"),
        34,
        "published[0].scale",
        "unknown rating scale 'MADR'; 20 are known. Did you mean 'MADRS'",
    ),
    "more responders than patients": (
        "ascertainment: spontaneous\n",
        ROW % ("active", "MADRS", "source: a table, responders: 11"),
        34,
        "published[0].responders",
        "11 of 10 randomized patients",
    ),
    "published SD of unknown origin": (
        "ascertainment: spontaneous\n",
        ROW % ("active", "MADRS", "source: a table, sd_change: 8"),
        34,
        "published[0].sd_change",
        "Add the line 'sd_provenance: reported'.",
    ),
    "imputation against its estimand": (
        "ascertainment: spontaneous\n",
        "analysis: {estimand: hypothetical, missing_data: J2R}\n",
        33,
        "analysis.missing_data",
        "Write 'missing_data: MAR' or 'estimand: treatment_policy'.",
    ),
    "unknown analysis": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: holms}\n",
        33,
        "analysis.multiplicity",
        "Did you mean 'holm'?",
    ),
    "looks that fall": (
        "ascertainment: spontaneous\n",
        "analysis: {looks: [50 %, 30 %]}\n",
        33,
        "analysis.looks",
        "looks at 50 %, 30 % of the patients; at most 10 rising shares",
    ),
    "looks without a rule": (
        "ascertainment: spontaneous\n",
        "analysis: {looks: [50 %], multiplicity: hochberg}\n",
        33,
        "analysis.multiplicity",
        "Write 'multiplicity: holm', or delete 'looks'.",
    ),
    "graph without weights": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: graphical}\n",
        33,
        "analysis.multiplicity",
        "'graphical' without weights",
    ),
    "weights without a graph": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: holm, weights: [100 %]}\n",
        33,
        "analysis.weights",
        "Write 'multiplicity: graphical', or delete 'weights'.",
    ),
    "weights of more than the level": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: graphical, weights: [70 %, 50 %]}\n",
        33,
        "analysis.weights",
        "weights add up to 120 % of the level",
    ),
    "a row too few": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: graphical, weights: [100 %]}\n",
        33,
        "analysis.transitions",
        "rows of no shares for 1 weights; 1 rows of 1 are allowed",
    ),
    "an arm that keeps its level": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: graphical, weights: [100 %], transitions: [[100 %]]}\n",
        33,
        "analysis.transitions[0]",
        "hands 100 % of its level to itself",
    ),
    "weights for other arms": (
        "ascertainment: spontaneous\n",
        "analysis: {multiplicity: graphical, weights: [50 %, 50 %], "
        "transitions: [[0 %, 100 %], [100 %, 0 %]]}\n",
        33,
        "analysis.weights",
        "2 weights for 1 arms beside the control",
    ),
    "dunnett of the same patients": (
        "design: parallel\n",
        "design: counterfactual\nanalysis: {multiplicity: dunnett}\n",
        7,
        "analysis.multiplicity",
        "Write 'multiplicity: holm'.",
    ),
    "steps that fall": (
        "ascertainment: spontaneous\n",
        "analysis: {missing_data: MAR, tipping_point: [4, 2]}\n",
        33,
        "analysis.tipping_point",
        "steps of 4, 2 points; at most 50 rising numbers from 0 on are allowed",
    ),
    "a tipping point of nothing imputed": (
        "ascertainment: spontaneous\n",
        "analysis: {tipping_point: [0, 2]}\n",
        33,
        "analysis.tipping_point",
        "Write 'missing_data: MAR'.",
    ),
    "a tipping point of the same patients": (
        "design: parallel\n",
        "design: counterfactual\nanalysis: {missing_data: MAR, tipping_point: [0, 2]}\n",
        7,
        "analysis.tipping_point",
        "Delete 'tipping_point'.",
    ),
    "no level": (
        "ascertainment: spontaneous\n",
        "analysis: {alpha: 0}\n",
        33,
        "analysis.alpha",
        "a level of 0; more than 0 and less than 1 is allowed",
    ),
    "futility that drops all": (
        "ascertainment: spontaneous\n",
        "analysis: {futility: 100 %}\n",
        33,
        "analysis.futility",
        "drops every arm",
    ),
    "one imputation": (
        "ascertainment: spontaneous\n",
        "analysis: {imputations: 1}\n",
        33,
        "analysis.imputations",
        "1 data sets; 2 to 1000 are allowed",
    ),
    "repeated measures of the same patients": (
        "design: parallel\n",
        "design: counterfactual\nanalysis: {missing_data: MMRM}\n",
        7,
        "analysis.missing_data",
        "Write 'missing_data: MAR'.",
    ),
    "quote that is not closed": (
        "title: A small trial",
        'title: "A small trial',
        4,
        "",
        "broken YAML at column 8 of the line 'title: \"A small trial'",
    ),
    "colon in a text": (
        "title: A small trial",
        "title: A small: trial",
        4,
        "",
        "put a text that holds ': ' in quotes.",
    ),
    "tab": ("  age_min", "\tage_min", 9, "", "Indent with spaces, not with tabs."),
    "bracket that is not closed": (
        "week 8]",
        "week 8",
        14,
        "",
        "begun on line 13); 'key: value' lines are wanted. Close the bracket ']'",
    ),
    "second document": (
        "ascertainment: spontaneous",
        "---\nseed: 8",
        33,
        "",
        "Keep one document in a file: delete the line '---'.",
    ),
    "merge key": ("  sd_logit: 1", "  <<: {a: 1}", 16, "adherence", "the merge key '<<' was given"),
    "tag": ("seed: 7", "seed: !secret 7", 5, "seed", "the tag '!secret' was given"),
}


def mistakes_in(text):
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, where="small.yaml")
    return caught.value.mistakes


def test_the_protocol_that_is_broken_below_is_valid():
    assert parse_protocol(VALID).name == "small"


@pytest.mark.parametrize(
    ("given", "broken", "line", "key_path", "message"), WRONG.values(), ids=WRONG.keys()
)
def test_one_thing_broken_gives_one_mistake(given, broken, line, key_path, message):
    assert VALID.count(given) >= 1
    (mistake,) = mistakes_in(VALID.replace(given, broken, 1))
    assert (mistake.file, mistake.line, mistake.key_path) == ("small.yaml", line, key_path)
    assert message in mistake.message
    assert mistake.message.endswith((".", "?"))
    assert "Input should" not in mistake.message
    assert "Value error" not in mistake.message


def test_six_mistakes_are_reported_at_once_by_line():
    text = (
        VALID.replace("seed: 7", "seed: lucky")
        .replace("age_max: 65 y", "age_max: 65")
        .replace("week 4, week 8]", "week 4, week 9]")
        .replace("drug: escitalopram", "drug: escitalopran")
        .replace("dose: 10 mg", "dose: -10 mg")
        .replace("adverse_events: [nausea]", "adverse_event: [nausea]")
    )
    mistakes = mistakes_in(text)
    assert [one.line for one in mistakes] == [5, 10, 13, 24, 25, 32]
    assert [one.key_path.split(".")[-1] for one in mistakes] == [
        "seed",
        "age_max",
        "visits[2]",
        "drug",
        "dose",
        "adverse_event",
    ]


def test_the_text_of_the_error_has_one_line_a_mistake():
    text = VALID.replace("seed: 7", "seed: lucky").replace("dose: 10 mg", "dose: 10")
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, where="small.yaml")
    first, second = str(caught.value).splitlines()
    assert first.startswith("small.yaml:5, seed: 'lucky' was given")
    assert second.startswith("small.yaml:25, arms.active.regimens[0].dose: 10 has no unit")


def test_the_error_survives_pickling_with_its_mistakes():
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(VALID.replace("seed: 7", "seed: lucky"))
    assert pickle.loads(pickle.dumps(caught.value)).mistakes == caught.value.mistakes


def test_nothing_is_written_for_a_wrong_protocol(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(VALID.replace("seed: 7", "seed: lucky"), encoding="utf-8")
    with pytest.raises(ProtocolError):
        load_protocol(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", None, "the file is empty; keys and values are wanted. Fill it."),
        (b"# only a note\n", None, "the file is empty"),
        (b"- week 0\n- week 8\n", 1, "a list of 2 was given; a mapping with the keys"),
        (b"just words\n", 1, "'just words' was given; a mapping with the keys"),
        (b"name: small\ntitle: caf\xe9\n", 2, "byte 0xe9 is no UTF-8 text"),
        (b"name: small\ntitle: a\x00b\n", 2, "the control character '\\x00' was given"),
        (b"name: &a [*a]\n", 1, "an alias holds itself"),
        (b"? [a, b]\n: 1\n", 1, "a list or mapping stands as a key"),
    ],
    ids=["empty", "notes", "list", "words", "latin-1", "control", "loop", "key"],
)
def test_a_file_that_is_no_protocol_gives_one_mistake(tmp_path, content, line, message):
    path = tmp_path / "other.yaml"
    path.write_bytes(content)
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line) == (str(path), line)
    assert message in mistake.message


def test_aliases_that_multiply_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 8)]
    (mistake,) = mistakes_in("\n".join(lines))
    assert "more than 100000 values were given" in mistake.message


def test_a_missing_file_a_folder_and_an_unknown_name_are_told_apart(tmp_path):
    for given, message in [
        (tmp_path / "gone.yaml", "no such file; an existing YAML file is wanted"),
        (tmp_path, "a folder was given; a YAML file is wanted"),
        ("sct-md-1", "Did you mean 'sct-md-01'?"),
        ("zzz", "Use one of: "),
    ]:
        with pytest.raises(ProtocolError) as caught:
            load_protocol(given)
        (mistake,) = caught.value.mistakes
        assert message in mistake.message
        assert mistake.line is None


WHOLE = json.loads(parse_protocol(VALID).canonical_json())
NONSENSE = [None, True, -7, 1e300, "", "nonsense \u2603", [], [[]]]


def places(node, path=()):
    """Yield the path of every value of nested data."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def replaced(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


def all_mistakes_in(data):
    try:
        parse_protocol(json.dumps(data))
    except ProtocolError as error:
        return error.mistakes
    return ()


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=lambda path: ".".join(map(str, path)))
def test_nonsense_in_one_place_is_at_most_one_mistake_and_there(path):
    for nonsense in NONSENSE:
        mistakes = all_mistakes_in(replaced(WHOLE, path, nonsense))
        assert len(mistakes) <= 1, (nonsense, mistakes)
        assert all(one.key_path.startswith(path[0]) for one in mistakes)


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=lambda path: ".".join(map(str, path)))
def test_a_mapping_of_nonsense_in_one_place_causes_no_mistake_elsewhere(path):
    for nonsense in ({}, {"a": {"b": 1}}):
        mistakes = all_mistakes_in(replaced(WHOLE, path, nonsense))
        assert all(one.key_path.startswith(path[0]) for one in mistakes)
