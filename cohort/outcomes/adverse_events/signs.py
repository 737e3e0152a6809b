"""Clinical signs that a diagnosis needs, each more likely the stronger its driver."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cohort.facts import Declaration, PureNumber
from cohort.outcomes.readings import rests_at_zero
from cohort.outcomes.shape import Shape
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["SIGNS", "NeededSigns", "Sign", "SignName"]

SignName = Literal[
    "spontaneous_clonus",
    "inducible_clonus",
    "ocular_clonus",
    "agitation",
    "diaphoresis",
    "tremor",
    "hyperreflexia",
    "hypertonia",
    "temperature",
]
SIGNS: Final[tuple[str, ...]] = get_args(SignName)
"""Signs of serotonin toxicity that the criteria of Hunter name; temperature is above 38 degC."""

Floats = NDArray[np.float64]


class Sign(Declaration):
    """One sign.

    Parameters
    ----------
    sign
        Which.
    half_at, hill
        The driver at which half of the patients show it (a multiple of the untreated level of a log
        ratio, a level of an occupancy), and how steeply it comes [1].

    Examples
    --------
    >>> said = {"mark": "assumed", "source": "an example"}
    >>> tremor = Sign(sign="tremor", half_at={"value": 4, **said}, hill={"value": 3, **said})
    >>> tremor.likelihood(np.log(np.array([4.0])), is_level=False).tolist()
    [0.5]
    """

    sign: SignName
    half_at: PureNumber
    hill: PureNumber

    def likelihood(self, driver: Floats, *, is_level: bool) -> Floats:
        """Return the share of patients who show it [1].

        Parameters
        ----------
        driver, is_level
            As in `cohort.outcomes.adverse_events.Shape.excess`.

        Examples
        --------
        >>> said = {"mark": "assumed", "source": "an example"}
        >>> tremor = Sign(sign="tremor", half_at={"value": 4, **said}, hill={"value": 3, **said})
        >>> bool(tremor.likelihood(np.zeros(1), is_level=False)[0] < 0.02)
        True
        """
        shape = Shape(kind="hill", half_at=self.half_at, hill=self.hill)
        return shape.share(driver, is_level=is_level)


class NeededSigns(Declaration):
    """The signs of a diagnosis, and which of them together make it.

    Parameters
    ----------
    reads
        The reading of the model that brings the signs out.
    signs
        Each sign with its dependence on the reading.
    any_of
        Lists of signs: the diagnosis is made when all of one list are there.

    Examples
    --------
    >>> from cohort.outcomes import load_adverse_event
    >>> load_adverse_event("serotonin_syndrome").needs_signs.any_of[0]
    ('spontaneous_clonus',)
    """

    reads: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    signs: tuple[Sign, ...]
    any_of: tuple[tuple[SignName, ...], ...]

    def contradictions(self) -> Iterator[Contradiction]:
        """List signs that a rule asks for and nothing describes, and signs given twice.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> list(load_adverse_event("serotonin_syndrome").needs_signs.contradictions())
        []
        """
        known = [one.sign for one in self.signs if is_read(one) and is_read(one.sign)]
        for i, one in enumerate(self.signs):
            if is_read(one) and is_read(one.sign) and known.count(one.sign) > 1:
                yield Contradiction(
                    path=("signs", i, "sign"),
                    message=f"'{one.sign}' is described twice; once is wanted. Delete one.",
                )
                return
        if is_read(self.any_of) and not self.any_of:
            yield Contradiction(
                path=("any_of",),
                message="no list of signs makes the diagnosis; one at least is wanted. Add one.",
            )
        for i, rule in enumerate(self.any_of):
            missing = [sign for sign in rule if is_read(sign) and sign not in known]
            if (missing or not rule) and is_read(rule):
                said = f"'{missing[0]}' is not among the signs" if missing else "an empty list"
                yield Contradiction(
                    path=("any_of", i),
                    message=f"{said}; described are {', '.join(known) or 'none'}. Describe it, or "
                    "take it out.",
                    unless=("signs",),
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    def shown(self, driver: Floats, luck: Floats) -> NDArray[np.bool_]:
        """Return who shows which sign.

        Parameters
        ----------
        driver
            The reading of each patient [1], shape ``(n_lane,)``.
        luck
            Uniform numbers of each sign and patient, shape ``(n_sign, n_lane)``: a sign is there
            where its likelihood reaches the number.

        Returns
        -------
        Shape ``(n_sign, n_lane)``, in the order of ``signs``.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> signs = load_adverse_event("serotonin_syndrome").needs_signs
        >>> signs.shown(np.array([np.log(50.0)]), np.full((len(signs.signs), 1), 0.5)).all()
        np.True_
        """
        is_level = rests_at_zero(self.reads)
        rows = [one.likelihood(driver, is_level=is_level) for one in self.signs]
        there: NDArray[np.bool_] = np.array(rows).reshape(luck.shape) >= luck
        return there

    def met(self, shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return whether the signs make the diagnosis, shape ``(n_lane,)``.

        Parameters
        ----------
        shown
            Who shows which sign, shape ``(n_sign, n_lane)``.

        Examples
        --------
        >>> from cohort.outcomes import load_adverse_event
        >>> signs = load_adverse_event("serotonin_syndrome").needs_signs
        >>> signs.met(np.zeros((len(signs.signs), 2), bool)).tolist()
        [False, False]
        """
        row = {one.sign: index for index, one in enumerate(self.signs)}
        found = np.zeros(shown.shape[1:], np.bool_)
        for rule in self.any_of:
            found |= shown[[row[sign] for sign in rule]].all(axis=0)
        return found
