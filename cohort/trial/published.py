"""What a published trial reported for its arms, as it was reported.

Published means and counts differ in scale, denominator and treatment of missing values, some are
changes and some end scores, and some SDs were computed or imputed by later authors. Each record
says so; nothing here is fitted to or read by the simulation.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from cohort.facts import Mark
from cohort.trial.arms import ProtocolRecord
from cohort.trial.published_contradictions import (
    COUNTED,
    OF_RANDOMIZED,
    SPREADS,
    published_contradictions,
    spread_contradictions,
)
from cohort.trial.quantities import Count, Fraction, Identifier, Label, Number, Words
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["REPORTED_ONLY", "BiomarkerChange", "PublishedResult", "ResponseRule"]

REPORTED_ONLY = ("antiparkinson_medication", "freezing", "on_off", "wearing_off")
"""What trials reported as events and is none here; a row may name it too."""

Provenance = Literal["reported", "computed", "imputed", "unknown"]


def _is_left_out(value: object) -> bool:
    """Tell whether a key may be left out of what is written and hashed."""
    return value is None or value in ({}, ())


class ResponseRule(ProtocolRecord):
    """Who counts as a responder or remitter, where it is not the rule of the scale.

    One of three: a relative fall ``fall`` [1], a fall by ``points``, or an end score that is
    ``at_most`` so many points. ``above`` says from where a relative fall counts: ``zero``, the
    ``minimum`` of the scale, or ``unknown`` where the source does not say.

    Examples
    --------
    >>> ResponseRule(fall="20 %").fall
    0.2
    """

    fall: Fraction | None = Field(default=None, examples=["20 %"])
    points: Number | None = Field(default=None, examples=[4])
    at_most: Number | None = Field(default=None, examples=[7])
    above: Literal["zero", "minimum", "unknown"] = "unknown"

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(ResponseRule(at_most=7).contradictions())
        []
        """
        ways = (self.fall, self.points, self.at_most)
        if all(map(is_read, ways)) and sum(way is not None for way in ways) != 1:
            names = ("fall", "points", "at_most")
            given = [name for name in names if getattr(self, name) is not None]
            yield Contradiction(
                path=(),
                message=f"{' and '.join(given) or 'no rule'} was given; exactly one of fall, "
                "points and at_most is allowed. Write for example 'fall: 20 %'.",
            )
        for name in ("fall", "points"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                yield Contradiction(
                    path=(name,),
                    message=f"{value:g} was given; a fall is greater than 0. Change the value.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class BiomarkerChange(ProtocolRecord):
    """Change of a biomarker or of body weight from baseline, in its ``unit``.

    Examples
    --------
    >>> BiomarkerChange(mean_change=19, sd_change=11, unit="ng/mL").sd_provenance
    'unknown'
    """

    mean_change: Number = Field(examples=[19])
    sd_change: Number | None = Field(default=None, examples=[11])
    sd_provenance: Provenance = "unknown"
    unit: Words = Field(examples=["ng/mL"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(BiomarkerChange(mean_change=2.45, unit="kg").contradictions())
        []
        """
        yield from spread_contradictions(self, "sd_change")

    _refuse = model_validator(mode="after")(refuse_contradictions)


class PublishedResult(ProtocolRecord):
    """Result of one published arm: on one scale, or of its adverse events and biomarkers.

    Parameters
    ----------
    arm, variant
        Arm of the protocol, and variant where the protocol has several (the first if left out).
    scale
        Packaged scale to compare with; left out where a row has no scores.
    reported_on
        Scale that was published, where it is not the packaged one: means are in its points.
    visit
        Visit of the protocol; events are counted from the first dose to it.
    n_randomized, n_analyzed, n_safety
        Patients; events are a share of ``n_safety``, of the randomized if it is left out.
    pool
        Studies whose arms were counted together; left out: this trial alone.
    mean_change, sd_change
        End minus baseline [points].
    mean_percent_change
        The same, in percent of the baseline.
    mean_end, sd_end
        Score at the visit [points]; a row has a change or an end score.
    mean_baseline, sd_baseline
        Score before treatment [points].
    sd_provenance
        Who computed the standard deviation: the ``reported`` one of the paper, ``computed`` (here
        or later) from a standard error or interval, ``imputed`` from other trials, or ``unknown``.
    responders, remitters, denominator
        Counts, and what they are a share of.
    response_rule, remission_rule
        Their rule, where it is not the scale's own.
    dropouts, dropouts_adverse_event, any_adverse_event, adverse_events
        Counts of patients; events by name.
    percents
        Values published as a percentage, by name of the count or event.
    biomarkers
        Changes, by name.
    missing_data
        How missing scores were treated.
    mark, recalled
        How the numbers were obtained, and those of them that were recalled, to be verified.
    source
        Where the numbers come from.

    Examples
    --------
    >>> row = PublishedResult(
    ...     arm="placebo", scale="HAMD24", visit="week 8", n_randomized=127, n_analyzed=119,
    ...     mean_change=-7.6, sd_change=8.73, sd_provenance="reported", mark="read",
    ...     missing_data="LOCF", source="Burke 2002",
    ... )
    >>> row.responders is None
    True
    """

    arm: Label
    variant: Label | None = Field(default=None, examples=["usual"], exclude_if=_is_left_out)
    scale: Words | None = Field(default=None, examples=["HAMD24"])
    reported_on: Words | None = Field(default=None, examples=["HAMD21"], exclude_if=_is_left_out)
    visit: Label = Field(examples=["week 8"])
    n_randomized: Count
    n_analyzed: Count | None = None
    n_safety: Count | None = Field(default=None, exclude_if=_is_left_out)
    pool: Words | None = Field(default=None, exclude_if=_is_left_out)
    mean_change: Number | None = None
    sd_change: Number | None = None
    mean_percent_change: Number | None = Field(default=None, exclude_if=_is_left_out)
    mean_end: Number | None = Field(default=None, exclude_if=_is_left_out)
    sd_end: Number | None = Field(default=None, exclude_if=_is_left_out)
    mean_baseline: Number | None = Field(default=None, exclude_if=_is_left_out)
    sd_baseline: Number | None = Field(default=None, exclude_if=_is_left_out)
    sd_provenance: Provenance | None = None
    responders: Count | None = None
    remitters: Count | None = None
    denominator: Literal["randomized", "analyzed"] = "randomized"
    response_rule: ResponseRule | None = Field(default=None, exclude_if=_is_left_out)
    remission_rule: ResponseRule | None = Field(default=None, exclude_if=_is_left_out)
    dropouts: Count | None = None
    dropouts_adverse_event: Count | None = None
    any_adverse_event: Count | None = Field(default=None, exclude_if=_is_left_out)
    adverse_events: dict[Identifier, Count] = Field(
        default={}, examples=["{nausea: 15}"], exclude_if=_is_left_out
    )
    percents: dict[Identifier, Fraction] = Field(
        default={}, examples=["{responders: 34 %}"], exclude_if=_is_left_out
    )
    biomarkers: dict[Identifier, BiomarkerChange] = Field(
        default={},
        examples=["{prolactin: {mean_change: 19, unit: ng/mL}}"],
        exclude_if=_is_left_out,
    )
    missing_data: Literal["LOCF", "observed cases", "mixed model", "unknown"] = "unknown"
    mark: Mark = Field(examples=["read"])
    recalled: tuple[Identifier, ...] = Field(
        default=(), examples=["[sd_change]"], exclude_if=_is_left_out
    )
    source: Words = Field(examples=["Burke 2002, table 2"])

    def count(self, name: str) -> int | None:
        """Return a count of patients by its name or by that of an adverse event.

        Parameters
        ----------
        name
            ``responders``, ``dropouts`` ..., or an event.

        Returns
        -------
        Number of patients; None where no count was published.

        Examples
        --------
        >>> row = PublishedResult(
        ...     arm="placebo", visit="week 24", n_randomized=436, adverse_events={"nausea": 25},
        ...     percents={"headache": 0.115}, mark="read", source="a table",
        ... )
        >>> row.count("nausea"), row.count("headache"), row.count("responders")
        (25, None, None)
        """
        if name in COUNTED:
            found: int | None = getattr(self, name)
            return found
        return self.adverse_events.get(name)

    def denominator_of(self, name: str) -> int | None:
        """Return how many patients a count is a share of.

        Parameters
        ----------
        name
            As in `count`.

        Returns
        -------
        Number of patients; None where the analyzed are meant and were not published.

        Examples
        --------
        >>> row = PublishedResult(
        ...     arm="placebo", scale="HAMA", visit="week 4", n_randomized=91, n_analyzed=90,
        ...     n_safety=89, responders=30, denominator="analyzed", mark="read", source="a table",
        ... )
        >>> row.denominator_of("responders"), row.denominator_of("nausea")
        (90, 89)
        """
        if name in ("responders", "remitters") and self.denominator == "analyzed":
            return self.n_analyzed
        if name in OF_RANDOMIZED or self.n_safety is None:
            return self.n_randomized
        return self.n_safety

    def share(self, name: str) -> float | None:
        """Return a share of patients [1]: from the count, else from the published percentage.

        Parameters
        ----------
        name
            As in `count`.

        Returns
        -------
        Share; None where neither was published.

        Examples
        --------
        >>> row = PublishedResult(
        ...     arm="placebo", scale="HAMA", visit="week 4", n_randomized=91, dropouts=13,
        ...     percents={"responders": "34 %"}, mark="assumed", source="recalled",
        ... )
        >>> round(row.share("dropouts"), 3), row.share("responders"), row.share("nausea")
        (0.143, 0.34, None)
        """
        counted, total = self.count(name), self.denominator_of(name)
        if counted is not None and total:
            return counted / total
        return self.percents.get(name)

    def mark_of(self, name: str) -> Mark:
        """Return how one number of the row was obtained.

        Parameters
        ----------
        name
            Key of the row, or an event or biomarker.

        Returns
        -------
        ``assumed`` for what was recalled, ``computed`` for an SD that was, else the row's mark.

        Examples
        --------
        >>> row = PublishedResult(
        ...     arm="placebo", scale="UPDRS", visit="week 42", n_randomized=90, mean_change=7.8,
        ...     sd_change=9, sd_provenance="reported", mark="read", recalled=["sd_change"],
        ...     source="Fahn 2004",
        ... )
        >>> row.mark_of("mean_change"), row.mark_of("sd_change")
        ('read', 'assumed')
        """
        if name in self.recalled:
            return "assumed"
        if name in SPREADS and self.sd_provenance == "computed" and self.mark == "read":
            return "computed"
        return self.mark

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> row = PublishedResult.model_construct(n_randomized=10, scale="MADRS", responders=11)
        >>> [one.path for one in row.contradictions()]
        [('responders',)]
        """
        return published_contradictions(self)

    _refuse = model_validator(mode="after")(refuse_contradictions)
