import pickle

import pytest

from pipelines import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_survives_pickling(name):
    error = getattr(errors, name)("where: given; allowed. Do it.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_the_tree_is_the_one_that_is_drawn():
    assert issubclass(errors.FolderError, errors.InputError)
    assert issubclass(errors.SetAsideError, errors.ExecutionError)
    assert not issubclass(errors.InterruptedRunError, Exception)
