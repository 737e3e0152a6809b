"""Tyramine from food: how much of it raises blood pressure, by how much MAO-A works.

Monoamine oxidase A of gut and liver removes nearly all tyramine on its first pass, and that of
sympathetic nerves keeps their noradrenaline low. Inhibitors open both ways. No state: the rule
follows the enzyme. `cohort.chemistry` enters here.
"""

from cohort.model import NOT_NEGATIVE, Parameter, Port, Rule, Source, Submodel
from kernels import symbol

__all__ = ["tyramine"]

_FASTING = Source("Bieck 1989, J Neural Transm Suppl 28:21: median of 55 fasting, +30 mmHg", "read")
_FIRST_PASS = Source(
    "fitted to tranylcypromine 20 mg/d, 8 mg of tyramine (Bieck 1989), MAO-A all but gone",
    "computed",
)
_NERVES = Source(
    "pressor response to intravenous tyramine x 2 to 3 without MAO-A, recalled", "assumed"
)
_MEAL = Source("a meal raises the dose 2.8 times, Berlin 1989, Clin Pharmacol Ther 46:344", "read")


def tyramine() -> Submodel:
    r"""Return the submodel of the pressor threshold of tyramine.

    Returns
    -------
    Submodel with the rules ``tyramine_threshold`` and ``tyramine_threshold_fed`` [mg], the dose by
    mouth that raises systolic pressure by 30 mmHg in a fasting person and with a meal.

    Notes
    -----
    With *a* the working MAO-A relative to rest, *m* its share of first-pass removal over that of
    everything else, and *g* the gain of sympathetic nerves:

    .. math:: D_{30} = D_{30}(1)\,\frac{1 + m a}{1 + m}\cdot\frac{1}{1 + g (1 - a)}

    MAO-A of gut, liver and nerves is taken to work as that of brain. Left out: individual spread
    of the threshold, tolerance.

    References
    ----------
    Bieck et al. 1989; Berlin et al. 1989 (meal).

    Examples
    --------
    >>> {item.name: item.value for item in tyramine().parameters}["tyramine_threshold_rest"]
    437.0
    """
    working = symbol("mao_a_activity")
    first_pass, nerves = symbol("tyramine_first_pass"), symbol("tyramine_nerve_gain")
    fasting = (
        symbol("tyramine_threshold_rest")
        * (1 + first_pass * working)
        / (1 + first_pass)
        / (1 + nerves * (1 - working))
    )
    return Submodel(
        name="tyramine",
        parameters=(
            Parameter("tyramine_threshold_rest", 437.0, "mg", "fasting, untreated", _FASTING, 0.4),
            Parameter(
                "tyramine_first_pass", 20.8, "1", "removal by MAO-A over the rest", _FIRST_PASS
            ),
            Parameter(
                "tyramine_nerve_gain",
                1.5,
                "1",
                "of nerves without MAO-A",
                _NERVES,
                0.0,
                NOT_NEGATIVE,
            ),
            Parameter("tyramine_meal_factor", 2.8, "1", "a meal on the threshold", _MEAL),
        ),
        ports=(Port("mao_a_activity", "1", "working MAO-A relative to rest", 1.0),),
        rules={
            "tyramine_threshold": Rule(fasting, "mg", "tyramine for +30 mmHg, fasting"),
            "tyramine_threshold_fed": Rule(
                symbol("tyramine_meal_factor") * symbol("tyramine_threshold"),
                "mg",
                "tyramine for +30 mmHg, with a meal",
            ),
        },
    )
