"""Cofactors that people may lack: vitamin B6, methyl groups, iron.

Status is a number of the patient, 1 when replete, and does not move within a trial, so these rules
cost nothing per step. BH4 moves with inflammation and lives there.
"""

import sympy

from cohort.model import POSITIVE, Parameter, Rule, Source, Submodel
from kernels import symbol

__all__ = ["cofactors"]

_STATUS = Source("replete; spread between people by choice", "design")
_PLP = Source("apo-GAD is a large share of GAD in brain, recalled; to be verified", "assumed")
_AADC = Source(
    "AADC holds pyridoxal phosphate less tightly than transaminases, recalled", "assumed"
)
_SAM = Source("COMT, human brain: K of AdoMet 3.1 uM at some 30 uM in brain", "computed")
_IRON = Source("hydroxylases hold iron tightly; only deficiency tells; guess", "assumed")


def cofactors() -> Submodel:
    r"""Return the submodel of cofactors.

    Returns
    -------
    Submodel with the rules ``aadc_cofactor``, ``gad_cofactor``, ``comt_cofactor`` and
    ``hydroxylase_cofactor`` [1]; each is 1 in the replete.

    Notes
    -----
    .. math:: c = (1 + K)\,\frac{s}{s + K}

    with *s* the status relative to replete and *K* the constant of the enzyme in the same measure.

    Examples
    --------
    >>> sorted(cofactors().rules)
    ['aadc_cofactor', 'comt_cofactor', 'gad_cofactor', 'hydroxylase_cofactor']
    """

    def saturation(status: str, constant: str) -> sympy.Expr:
        level, k = symbol(status), symbol(constant)
        return (1 + k) * level / (level + k)

    rules = {
        "aadc_cofactor": Rule(saturation("plp_status", "aadc_k_plp"), "1", "B6 at AADC"),
        "gad_cofactor": Rule(saturation("plp_status", "gad_k_plp"), "1", "B6 at GAD"),
        "comt_cofactor": Rule(saturation("same_status", "comt_k_same"), "1", "SAMe at COMT"),
        "hydroxylase_cofactor": Rule(
            saturation("iron_status", "hydroxylase_k_iron"), "1", "iron at TPH and TH"
        ),
    }
    return Submodel(
        name="cofactors",
        parameters=(
            Parameter("plp_status", 1.0, "1", "vitamin B6 relative to replete", _STATUS),
            Parameter("same_status", 1.0, "1", "S-adenosylmethionine, likewise", _STATUS),
            Parameter("iron_status", 1.0, "1", "brain iron, likewise", _STATUS),
            Parameter("aadc_k_plp", 0.1, "1", "of AADC, in replete levels", _AADC, bounds=POSITIVE),
            Parameter("gad_k_plp", 0.5, "1", "of GAD, in replete levels", _PLP, bounds=POSITIVE),
            Parameter("comt_k_same", 0.1, "1", "of COMT, in replete levels", _SAM),
            Parameter("hydroxylase_k_iron", 0.05, "1", "in replete levels", _IRON),
        ),
        rules=rules,
        provides=tuple(rules),
    )
