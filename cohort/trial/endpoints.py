"""Which endpoints of a protocol are scores, and which are biomarkers.

An endpoint is the name of a rating scale or the code of a biomarker that the trial reports: of its
systems, of its drugs (``C_`` and a compound, ``O_`` and a target), or of what it measures. May
import `cohort.chemistry`, `cohort.compounds`, `cohort.drugs`, `cohort.outcomes`, and events and
variants of this room; `cohort.trial.content` and `cohort.tables` enter here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cohort.chemistry import biomarkers, find_system, system_names
from cohort.compounds import TARGETS
from cohort.drugs import load_drug
from cohort.errors import CohortError
from cohort.imported import trial_model
from cohort.outcomes import measure_names
from cohort.scales import scale_names
from cohort.trial.events import trial_events
from cohort.trial.variants import trial_systems
from cohort.yaml_files import Contradiction, is_read, nearest_hint

if TYPE_CHECKING:
    from cohort.trial.protocol import Protocol

__all__ = ["biomarker_codes", "endpoint_contradictions", "leading_scale", "rated_endpoints"]

_OCCUPANCY = "occupancy_"  # of targets that are not reported by a system, as SERT is
_OF_DRUGS = ("C_", "O_")  # how the codes of compounds and of targets begin


def rated_endpoints(protocol: "Protocol") -> tuple[str, ...]:
    """Return the endpoints that are scores.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Names of scales, in the order of the protocol.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> rated_endpoints(load_protocol("sct-md-01"))
    ('MADRS', 'HAMD24', 'HAMD17')
    """
    if protocol.model is not None:
        return ()
    known = scale_names()
    return tuple(name for name in protocol.endpoints if name in known)


def leading_scale(protocol: "Protocol") -> str:
    """Return the scale that decisions at visits read.

    Parameters
    ----------
    protocol
        A trial with at least one scale among its endpoints.

    Returns
    -------
    The primary endpoint, or the first scale where that is a biomarker.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> leading_scale(load_protocol("sct-md-01"))
    'MADRS'
    """
    scales = rated_endpoints(protocol)
    return protocol.primary_endpoint if protocol.primary_endpoint in scales else scales[0]


def biomarker_codes(protocol: "Protocol") -> tuple[str, ...]:
    """Return the biomarkers that a trial reports and an endpoint can name.

    Parameters
    ----------
    protocol
        The trial.

    Returns
    -------
    Parameter codes: of the systems, levels of compounds, occupancies of targets, and what is
    measured because the protocol or one of its adverse events asks for it.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> codes = biomarker_codes(load_protocol("sct-md-01"))
    >>> [code in codes for code in ("C5HIAA", "C_s_citalopram", "O_herg", "O_d2")]
    [True, True, True, False]
    """
    if protocol.model is not None:
        return trial_model(protocol.model).codes
    compounds = {one.name: one for drug in protocol.drugs for one in load_drug(drug).compounds}
    held = {
        TARGETS[one.target].occupancy for compound in compounds.values() for one in compound.binds
    }
    return (
        *(marker.code for marker in biomarkers(trial_systems(protocol))),
        *(f"C_{name}" for name in sorted(compounds)),
        *(
            f"O_{name.removeprefix(_OCCUPANCY)}"
            for name in sorted(held)
            if name.startswith(_OCCUPANCY)
        ),
        *dict.fromkeys(
            name
            for name in (*protocol.measures, *_measured_for_events(protocol))
            if name in measure_names()
        ),
    )


def _measured_for_events(protocol: "Protocol") -> tuple[str, ...]:
    """Return what is measured because an adverse event is judged by it."""
    if not is_read(protocol.adverse_events) or not all(map(is_read, protocol.adverse_events)):
        return ()
    try:
        return tuple(event.measure for event in trial_events(protocol) if event.measure)
    except CohortError:  # a wrong name of an event is said where events are checked
        return ()


def endpoint_contradictions(protocol: "Protocol") -> Iterator[Contradiction]:
    """List endpoints that are neither a scale nor a biomarker of the trial.

    Parameters
    ----------
    protocol
        Whole or partly read protocol.

    Yields
    ------
    Contradictions with their key paths.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> list(endpoint_contradictions(load_protocol("sct-md-01")))
    []
    """
    scales = scale_names()
    strange = [
        (position, name)
        for position, name in enumerate(protocol.endpoints)
        if is_read(name) and name not in scales
    ]
    if not strange:
        return
    reported = _reported(protocol)
    owners = {
        marker.code: system
        for system in system_names()
        for marker in find_system(system).biomarkers
    }
    for position, name in strange:
        if reported is not None and name in reported:
            continue
        if name in owners:
            if reported is None:
                continue  # what is wrong with the systems or the drugs is said there
            message = (
                f"'{name}' is reported by the system '{owners[name]}', which this trial does not "
                f"simulate. Add it: 'systems: [{owners[name]}]'."
            )
        elif name in measure_names():
            measured = ", ".join((*protocol.measures, name))
            message = (
                f"'{name}' is measured only where the protocol says so. Write 'measures: "
                f"[{measured}]'."
            )
        elif name[:2] in _OF_DRUGS and reported is not None:
            own = [code for code in reported if code[:2] in _OF_DRUGS]
            message = (
                f"'{name}' is of no drug of this trial; what its drugs bring is reported. "
                + (nearest_hint(name, own) if own else "Delete it.")
            )
        else:
            known = dict.fromkeys((*scales, *owners, *(reported or ()), *measure_names()))
            message = (
                f"unknown rating scale '{name}'; {len(scales)} are known. "
                f"{nearest_hint(name, list(known))}"
            )
        yield Contradiction(path=("endpoints", position), message=message)


def _reported(protocol: "Protocol") -> tuple[str, ...] | None:
    """Return the codes of a trial, None if its systems or drugs have mistakes of their own."""
    if not all(map(is_read, (protocol.condition, *protocol.systems, *protocol.drugs))):
        return None
    try:
        return biomarker_codes(protocol)
    except CohortError:
        return None
