import pickle

import pytest

import cohort.errors as errors

MISTAKES = [
    errors.Mistake(file="p.yaml", line=3, key_path="arms.low", message="empty. Add a patient."),
    errors.Mistake(file="p.yaml", line=None, key_path="", message="no seed. Add one."),
]
ALL = [
    errors.CohortError("a"),
    errors.UnitError("a"),
    errors.RangeError("a"),
    errors.ShapeError("a"),
    errors.ModelError("a"),
    errors.ExpressionError("age_y = 18", 7, "'='; '==' is allowed. Write it."),
    errors.UnknownNameError("model 'm'", "serotonni", ["serotonin", "dopamine"], "state"),
    errors.FileContentError(MISTAKES),
    errors.ProtocolError(MISTAKES),
    errors.DrugError(MISTAKES),
    errors.ConditionError(MISTAKES),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_every_error_survives_pickling_with_its_fields(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_error_is_in_the_one_tree_and_in_the_drawing():
    drawn = errors.__doc__
    for name in errors.__all__:
        item = getattr(errors, name)
        if isinstance(item, type) and issubclass(item, Exception):
            assert issubclass(item, errors.CohortError)
            assert name in drawn


def test_builtin_bases_fit():
    assert issubclass(errors.UnitError, ValueError)
    assert issubclass(errors.RangeError, ValueError)
    assert issubclass(errors.UnknownNameError, LookupError)
    assert issubclass(errors.ProtocolError, ValueError)


def test_an_unknown_name_comes_with_the_nearest_ones():
    error = errors.UnknownNameError("here", "sertraine", ["sertraline", "citalopram"], "drug")
    assert error.nearest == ("sertraline",)
    assert "Did you mean 'sertraline'?" in str(error)


def test_an_unknown_name_without_near_ones_lists_what_is_known():
    error = errors.UnknownNameError("here", "zzzz", ["sertraline", "citalopram"], "drug")
    assert str(error).endswith("Known: citalopram, sertraline.")
    assert str(errors.UnknownNameError("here", "zzzz", [], "drug")).endswith("declared there.")


def test_a_file_error_shows_all_mistakes_each_with_its_place():
    lines = str(errors.ProtocolError(MISTAKES)).splitlines()
    assert lines == ["p.yaml:3, arms.low: empty. Add a patient.", "p.yaml: no seed. Add one."]
