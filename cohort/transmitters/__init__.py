"""Transmitter systems, one a file: synthesis, storage, release, uptake, breakdown, feedback.

Each is a function that returns a `cohort.model.Submodel`. They never import one another; they
meet through ports, and act on one another by `cohort.physiology.crosstalk` alone.
"""

from cohort.transmitters.acetylcholine import acetylcholine
from cohort.transmitters.cortical_dopamine import cortical_dopamine
from cohort.transmitters.dopamine import dopamine, mesolimbic_dopamine
from cohort.transmitters.gaba_glutamate import gaba_glutamate
from cohort.transmitters.histamine import histamine
from cohort.transmitters.levodopa_in_serotonin_terminals import levodopa_in_serotonin_terminals
from cohort.transmitters.noradrenaline import noradrenaline
from cohort.transmitters.serotonin import serotonin

__all__ = [
    "acetylcholine",
    "cortical_dopamine",
    "dopamine",
    "gaba_glutamate",
    "histamine",
    "levodopa_in_serotonin_terminals",
    "mesolimbic_dopamine",
    "noradrenaline",
    "serotonin",
]
