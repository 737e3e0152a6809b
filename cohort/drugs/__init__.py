"""Drugs, one a file: what is prescribed, in which doses, and which compounds a dose holds.

Content, not framework: a YAML file a drug. A protocol names a drug or the path of a user's own
file, which may define its compounds inline; no Python is touched. The walk enters at `load_drug`
and goes on to `cohort.compounds` and `cohort.physiology.pharmacokinetics`.
"""

from cohort.drugs.drug import Content, Dosing, Drug, Release, drug_names, load_drug
from cohort.drugs.streams import drug_streams

__all__ = ["Content", "Dosing", "Drug", "Release", "drug_names", "drug_streams", "load_drug"]
