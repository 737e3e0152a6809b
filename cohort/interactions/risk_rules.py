"""The schema of the table of risks, and its reader."""

import functools
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cohort.compounds import TARGETS
from cohort.errors import DrugError
from cohort.facts import Declaration, Mark
from cohort.yaml_files import nearest_hint, read_yaml_model

__all__ = ["Grade", "RiskRule", "Role", "risk_rules"]

Grade = Literal["contraindicated", "caution"]


class Role(Declaration):
    """What a drug does that puts it on one side of a risk.

    Parameters
    ----------
    targets, at_least
        Targets, and the mean occupancy of one of them at steady state [1]; an irreversible
        inhibitor always counts.
    antagonist, agonist
        At receptors: only drugs with little, or with some, intrinsic activity.
    supplies
        Ports of the chemistry that the drug feeds instead.

    Examples
    --------
    >>> Role(targets=["sert"], at_least=0.5).targets
    ('sert',)
    """

    targets: tuple[str, ...] = ()
    at_least: Annotated[float, Field(ge=0, le=1)] = 0.5
    antagonist: bool = False
    agonist: bool = False
    supplies: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in self.targets:
            if name not in TARGETS:
                raise ValueError(f"unknown target {name!r}. {nearest_hint(name, TARGETS)}")
        if not self.targets and not self.supplies:
            raise ValueError("neither targets nor supplies; a role has one of them. Add one.")
        if self.agonist and self.antagonist:
            raise ValueError("agonist and antagonist at once; one is allowed. Drop one.")
        return self


class RiskRule(Declaration):
    """A combination with a known risk.

    Parameters
    ----------
    name, risk, grade
        Identifier, words for people, and how serious it is.
    one, other
        What either drug does.
    unless
        Name of a rule before this one that says more: where that is met, this one keeps quiet.
    mark, source
        Where it is said.

    Examples
    --------
    >>> risk_rules()[0].name
    'serotonin_syndrome'
    """

    name: str
    risk: str
    grade: Grade
    one: Role
    other: Role
    unless: str | None = None
    mark: Mark
    source: str


class _Rules(Declaration):
    risks: tuple[RiskRule, ...]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        before: list[str] = []
        for rule in self.risks:
            if rule.unless is not None and rule.unless not in before:
                raise ValueError(
                    f"{rule.name}: unless {rule.unless!r}; a rule above it is allowed. "
                    f"{nearest_hint(rule.unless, before)}"
                )
            before.append(rule.name)
        return self


@functools.cache
def risk_rules() -> tuple[RiskRule, ...]:
    """Return all rules, in the order of the file.

    Examples
    --------
    >>> {rule.grade for rule in risk_rules()} == {"contraindicated", "caution"}
    True
    """
    with resources.as_file(resources.files("cohort.interactions") / "risks.yaml") as path:
        return read_yaml_model(path, _Rules, error=DrugError).risks
