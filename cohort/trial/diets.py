"""Eating patterns: the meals of a day and what else they change, one YAML file each.

The files are in `cohort.nutrition.diets`. A pattern is a departure from the usual diet, on which
everybody is at rest: its protein and carbohydrate count against the model's own daily means. A
list of meals in a protocol is different: it is what people are used to, and its mean is rest.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from cohort.errors import CohortError, FileContentError
from cohort.facts import Declaration, Mark, PureNumber
from cohort.nutrition import load_food
from cohort.trial.protocol import Meal
from cohort.yaml_files import load_named, packaged_names

__all__ = ["Diet", "diet_names", "load_diet"]

_PACKAGE = "cohort.nutrition.diets"
Status = Literal["plp_status", "same_status", "iron_status", "choline_supply"]


class Diet(Declaration):
    """A way of eating, the same every day.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    mark, source
        Of the amounts.
    meals
        Meals of a day; none is a fast.
    statuses
        Written ``inputs``: inputs of the model, relative to replete, that the pattern sets.

    Examples
    --------
    >>> diet = load_diet("mediterranean")
    >>> [meal.protein for meal in diet.meals], dict(diet.inputs)
    ([15.0, 35.0, 35.0], {'plp_status': 1.1, 'same_status': 1.1})
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", examples=["mediterranean"])]
    title: str = Field(examples=["Fish, legumes, olive oil"])
    mark: Mark = Field(examples=["assumed"])
    source: Annotated[str, Field(min_length=3, examples=["a table of foods"])]
    meals: tuple[Meal, ...] = Field(examples=['[{at: "08:00", protein: 20 g}]'])
    statuses: dict[Status, PureNumber] = Field(default_factory=dict, alias="inputs")

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        for meal in self.meals:
            try:
                load_food(meal.source)
            except CohortError as error:
                raise ValueError(f"meals: {error}") from error
        for name, value in self.statuses.items():
            if not value.number("1") > 0:
                raise ValueError(
                    f"inputs: {name} is {value.number('1'):g}; greater than 0 is allowed, 1 is "
                    "replete. Change it."
                )
        return self

    @property
    def inputs(self) -> Mapping[str, float]:
        """Values of parameters of the model, by name.

        Examples
        --------
        >>> load_diet("usual").inputs
        {}
        """
        return {name: value.number("1") for name, value in self.statuses.items()}


def diet_names() -> tuple[str, ...]:
    """Return the packaged eating patterns, sorted.

    Examples
    --------
    >>> diet_names()
    ('fasting', 'high_carbohydrate', 'high_protein', 'ketogenic', 'low_protein', 'mediterranean', \
'usual')
    """
    return packaged_names(_PACKAGE)


def load_diet(name_or_path: str) -> Diet:
    """Return a packaged eating pattern by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated pattern.

    Raises
    ------
    UnknownNameError
        If no packaged pattern has that name and no such file exists.
    FileContentError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> sum(meal.protein for meal in load_diet("high_protein").meals)
    150.0
    """
    return load_named(name_or_path, _PACKAGE, Diet, kind="diet", error=FileContentError)
