"""Transmitter systems, one a file: synthesis, storage, release, uptake, breakdown, feedback.

Each is a function that returns a `cohort.model.Submodel`. They never import one another; they
meet through ports such as ``noradrenergic_tone``.
"""

from cohort.transmitters.serotonin import serotonin

__all__ = ["serotonin"]
