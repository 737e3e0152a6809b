"""Errors: one message form, and every error survives pickling with its fields."""

import pickle

import pytest

from kernels import errors

CLASSES = [
    getattr(errors, name)
    for name in errors.__all__
    if name not in ("KernelError", "UnknownNameError")
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_the_house_form_and_survives_pickling(kind):
    error = kind("place", "3 [h] was given", "at most 2 [h]", "Give less")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "place: 3 [h] was given; at most 2 [h]. Give less."
    assert (again.where, again.given, again.allowed, again.remedy) == error.args
    assert isinstance(error, errors.KernelError)


def test_an_unknown_name_survives_pickling_with_its_fields():
    error = errors.UnknownNameError("scales", "state", "dept", ["depot"], "system.states")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (again.kind, again.name, again.known) == ("state", "dept", ("depot",))


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("x", (), "none is declared"),
        ("deport", ("depot", "central"), "the nearest known is 'depot'"),
        ("cl_a", ("cl_b", "cl_c"), "the nearest known are 'cl_"),
        ("zzz", ("a", "b", "c", "d"), "known: 'a', 'b', 'c', ..."),
    ],
)
def test_near_names_are_offered_and_otherwise_the_first_few(name, known, expected):
    assert errors.nearest_names(name, known).startswith(expected)
