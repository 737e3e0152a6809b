"""The pressor threshold of tyramine: its two ends by hand, and its course between them."""

import numpy as np
import pytest

from cohort.chemistry import WHOLE, chemistry_model
from cohort.model import evaluate

M, G = 20.8, 1.5
FED = "tyramine_threshold_fed"


def threshold(activity):
    """Thresholds at an activity of MAO-A [1], fasting and fed [mg]."""
    model = chemistry_model(("tyramine",))
    columns = {name: np.array([item.value]) for name, item in model.parameters.items()}
    columns |= {"mao_a": np.array([activity])}
    wanted = {name: model.system.observables[name] for name in ("tyramine_threshold", FED)}
    found = evaluate(wanted, columns, 1)
    return found["tyramine_threshold"][0], found[FED][0]


def test_it_is_not_part_of_the_usual_whole():
    assert "tyramine" not in WHOLE


def test_untreated_it_is_the_published_median():
    assert threshold(1.0)[0] == pytest.approx(437.0)


def test_without_the_enzyme_both_ways_are_open():
    assert threshold(0.0)[0] == pytest.approx(437 / ((1 + M) * (1 + G)))
    assert threshold(0.0)[0] == pytest.approx(8.0, rel=0.02)  # fitted: tranylcypromine, Bieck 1989


def test_a_meal_raises_it():
    fasting, fed = threshold(0.3)
    assert fed == pytest.approx(2.8 * fasting)


def test_it_falls_steadily_with_the_enzyme():
    course = [threshold(a)[0] for a in np.linspace(0, 1, 11)]
    assert (np.diff(course) > 0).all()
