"""The stand-in, but for one seed that it cannot bear. Not a test: workers import it by name."""

import standin

UNLUCKY = 13


def fussy(protocol, arm, patient_ids, **options):
    if protocol.seed == UNLUCKY:
        raise ZeroDivisionError("planted for seed 13")
    return standin.simulate(protocol, arm, patient_ids, **options)
