"""Drugs, one a file: what is prescribed, in which doses, and which compounds a dose holds.

Content, not framework: a YAML file a drug. A protocol names a drug or the path of a user's own
file, which may define its compounds inline; no Python is touched. The walk enters at `load_drug`
and goes on to `cohort.compounds` and `cohort.physiology.pharmacokinetics`.
"""

from cohort.drugs.drug import Content, Dosing, Drug, HalfLife, drug_names, load_drug

__all__ = ["Content", "Dosing", "Drug", "HalfLife", "drug_names", "load_drug"]
