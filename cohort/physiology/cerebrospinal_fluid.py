"""Turnover of spinal fluid: one factor a person, which all metabolites in lumbar CSF share.

Flow and body height dilute all acid metabolites alike; without this shared factor 5-HIAA and HVA
would be uncorrelated between people.
"""

from cohort.model import Parameter, Source, Submodel

__all__ = ["cerebrospinal_fluid"]

_CSF = Source("1 in the mean; spread from CV 0.43 and 0.25 of HVA/5-HIAA, Blennow 1993", "assumed")


def cerebrospinal_fluid() -> Submodel:
    """Return the submodel of the shared factor.

    Returns
    -------
    Submodel with the parameter ``csf_factor`` [1], which divides the clearance of 5-HIAA and HVA
    from lumbar CSF, and its square root that of MHPG.

    Examples
    --------
    >>> cerebrospinal_fluid().provides
    ('csf_factor',)
    """
    return Submodel(
        name="cerebrospinal_fluid",
        parameters=(
            Parameter("csf_factor", 1.0, "1", "divides CSF clearance of metabolites", _CSF, 0.38),
        ),
        provides=("csf_factor",),
    )
