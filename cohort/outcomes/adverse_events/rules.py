"""Numbers that all adverse events share, and the judgement of their relation to treatment."""

import functools
from collections.abc import Iterator
from importlib import resources
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from cohort.errors import ConditionError
from cohort.facts import Declaration, Fact, quantity_in
from cohort.yaml_files import Contradiction, is_read, read_yaml_model, refuse_contradictions

__all__ = ["RELATIONS", "EventRules", "Relatedness", "event_rules"]

RELATIONS: Final = ("NONE", "REMOTE", "POSSIBLE", "PROBABLE")
"""Relations of an event to treatment, in rising order."""

Share = Annotated[Fact, quantity_in("1", minimum=0.0, maximum=1.0)]


class Relatedness(Declaration):
    """Cut-offs of the share of a hazard that drivers explain.

    Parameters
    ----------
    remote, possible, probable
        Lowest share of each relation [1].

    Examples
    --------
    >>> event_rules().relatedness.judge(np.array([0.0, 0.2, 0.5, 0.9])).tolist()
    ['NONE', 'REMOTE', 'POSSIBLE', 'PROBABLE']
    """

    remote: Share
    possible: Share
    probable: Share

    def contradictions(self) -> Iterator[Contradiction]:
        """List cut-offs that do not rise.

        Examples
        --------
        >>> list(event_rules().relatedness.contradictions())
        []
        """
        if not all(map(is_read, (self.remote, self.possible, self.probable))):
            return
        cuts = [fact.number("1") for fact in (self.remote, self.possible, self.probable)]
        if not 0.0 < cuts[0] < cuts[1] < cuts[2]:
            yield Contradiction(
                path=("probable",),
                message=f"cut-offs {cuts[0]:g}, {cuts[1]:g}, {cuts[2]:g}; rising ones greater than "
                "0 are wanted. Change them.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    def judge(self, explained: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the relation to treatment.

        Parameters
        ----------
        explained
            Share of the hazard at onset that drivers explain [1].

        Returns
        -------
        Words of `RELATIONS`, same shape.

        Examples
        --------
        >>> event_rules().relatedness.judge(np.array([0.33])).tolist()
        ['POSSIBLE']
        """
        cuts = [fact.number("1") for fact in (self.remote, self.possible, self.probable)]
        return np.array(RELATIONS)[np.digitize(explained, cuts)]


class EventRules(Declaration):
    """Numbers that all adverse events share.

    Parameters
    ----------
    class_correlation
        Correlation of the frailties of two classes of events [1].
    relatedness
        Cut-offs of the relation to treatment.
    driver_gone
        Share of a driver's effect at onset below which it counts as gone [1].
    interruption
        How long a drug is interrupted for an event [d].

    Examples
    --------
    >>> 0.0 <= event_rules().class_correlation.number("1") <= 1.0
    True
    """

    class_correlation: Share
    relatedness: Relatedness
    driver_gone: Share
    interruption: Annotated[Fact, quantity_in("day", minimum=1.0)]


@functools.cache
def event_rules() -> EventRules:
    """Return the packaged rules.

    Examples
    --------
    >>> event_rules().interruption.number("day")
    7.0
    """
    file = resources.files("cohort.outcomes") / "event_rules.yaml"
    with resources.as_file(file) as path:
        return read_yaml_model(path, EventRules, error=ConditionError)
