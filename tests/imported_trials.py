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


VOLUME = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
  <model id="volume" timeUnits="second" substanceUnits="mole" extentUnits="mole"
    volumeUnits="litre">
    <listOfCompartments>
      <compartment id="V" spatialDimensions="3" size="8" constant="CONSTANT"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="C" compartment="V" initialConcentration="1" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
      <species id="Ac" compartment="V" initialAmount="0" hasOnlySubstanceUnits="true"
        boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="k" value="0.5" constant="true"/>
      <parameter id="R" value="100" constant="false"/>
      <parameter id="kin" constant="true"/>
      <parameter id="O_2" constant="false"/>
      <parameter id="lambda" value="1e-9" constant="false"/>
    </listOfParameters>
    <listOfInitialAssignments><initialAssignment symbol="kin">
      <math xmlns="http://www.w3.org/1998/Math/MathML">
        <apply><times/><cn>0.1</cn><ci>R</ci></apply></math>
    </initialAssignment></listOfInitialAssignments>
    <listOfRules>
      <assignmentRule variable="O_2"><math xmlns="http://www.w3.org/1998/Math/MathML">
        <apply><divide/><ci>Ac</ci><ci>V</ci></apply></math></assignmentRule>
      <rateRule variable="C"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
      </rateRule>
      <rateRule variable="Ac"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
      </rateRule>
      <rateRule variable="R"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
      </rateRule>
      <rateRule variable="lambda"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
      </rateRule>RATE
    </listOfRules>
  </model>
</sbml>
"""
"""Nothing moves: a concentration with a rate rule in a volume, an amount, a rule, a start that an
initial assignment reads; CONSTANT and RATE say whether the volume has a rate rule."""


def of_volume(path, drug, *changes, moves=False):
    """Return the protocol of `TRIAL` with the model `VOLUME` in a file, dosed 8 mg at noon."""
    rule = """
      <rateRule variable="V"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math>
      </rateRule>"""
    text = VOLUME.replace("CONSTANT", "false" if moves else "true")
    path.write_text(text.replace("RATE", rule if moves else ""))
    spread = TRIAL[TRIAL.index("  variability:") : TRIAL.index("duration:")]
    return trial(
        (str(WARFARIN), str(path)),
        ("{name: warfarin, into: C}", drug),
        (spread, ""),
        ("drug: warfarin, dose: 5 mg", "drug: w, dose: 8 mg, every: 52 week"),
        ("[C, PCA]", "[C, Ac]"),
        ("primary_endpoint: PCA", "primary_endpoint: Ac"),
        *changes,
    )
