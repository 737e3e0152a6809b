"""Trials of models from files, small and short, for tests that run or break them."""

from pathlib import Path

from cohort.trial import parse_protocol

WARFARIN = Path(__file__).parent.parent / "docs" / "how-to" / "warfarin.xml"
"""The example of the documentation: one compartment and an indirect response."""

TRIAL = f"""\
schema_version: 1
name: small
title: A small trial of a model from a file
seed: 7
model:
  file: {WARFARIN}
  drugs:
    - {{name: warfarin, into: C}}
  variability:
    - {{parameter: CL, cv: 30 %}}
    - {{parameter: V, cv: 20 %}}
duration: 1 week
visits: [week 0, day 3, week 1]
arms:
  - {{name: none, control: true, patients: 8}}
  - {{name: dosed, patients: 8, regimens: [{{drug: warfarin, dose: 5 mg, at: 12:00}}]}}
endpoints: [C, PCA]
primary_endpoint: PCA
"""
"""Boluses into plasma; every dose is taken."""


def trial(*changes):
    """Return the protocol of `TRIAL` with some texts replaced: pairs of old and new."""
    text = TRIAL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_protocol(text)


def levels(tables, code, visit=None):
    """Return the values of a code in ADLB, by patient in order; of one visit or of all in order."""
    rows = tables["adlb"]
    chosen = rows["biomarker"] == code
    if visit is not None:
        chosen &= rows["visit"] == visit
    return rows["value"][chosen]
