"""Who a trial treats: the protocol's limits on the condition's population.

`cohort.simulate` draws people by it; `cohort.trial.content` asks whether anybody is left. May
import `cohort.conditions` and `cohort.population`.
"""

from cohort.conditions import Condition
from cohort.population import PopulationSpec
from cohort.trial.protocol import TrialPopulation

__all__ = ["population_margins"]

_YOUNGEST_Y, _OLDEST_Y = 18.0, 65.0  # adult outpatients, where neither file says otherwise


def population_margins(wanted: TrialPopulation, condition: Condition) -> PopulationSpec:
    """Return the margins of the population that a trial draws from.

    Parameters
    ----------
    wanted
        What the protocol says.
    condition
        Who has the condition; its range of age holds where the protocol has none, and 18 to 65 y
        where it has none either.

    Returns
    -------
    Margins of age, sex and ancestry.

    Raises
    ------
    RangeError
        If the numbers contradict one another, as a mean age outside the range does.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> population_margins(TrialPopulation(), load_condition("alzheimers_disease")).age_min_y
    50.0
    """
    usual = condition.population
    low, high = (
        default if fact is None else fact.number("year")
        for fact, default in ((usual.age_min, _YOUNGEST_Y), (usual.age_max, _OLDEST_Y))
    )
    share = usual.female_fraction.number("1")
    return PopulationSpec(
        age_min_y=low if wanted.age_min is None else wanted.age_min,
        age_max_y=high if wanted.age_max is None else wanted.age_max,
        age_mean_y=usual.age_mean.number("year"),
        age_sd_y=usual.age_sd.number("year"),
        female_fraction=share if wanted.female_fraction is None else wanted.female_fraction,
        ancestry_shares={name: share.number("1") for name, share in usual.ancestry.items()},
    )
