"""Drugs as people read them on the terminal: the list, and one drug with every number.

`cohort.drugs` and `cohort.compounds` hold the numbers; the command line enters here, through
`pipelines.drug_cli`.
"""

import textwrap
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from cohort.compounds import TARGETS, Compound
from cohort.compounds.quantity import Quantity
from cohort.drugs import Drug
from cohort.facts import count_assumed
from cohort.observations import Observation
from pipelines.report_text import NOTICE

__all__ = [
    "assumed_share",
    "drug_record",
    "number_rows",
    "observations_of",
    "render_drug",
    "render_drugs",
]

_WIDTH = 100


def assumed_share(drug: Drug) -> tuple[int, int]:
    """Return how many numbers a drug and its compounds have, and how many are assumed.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> total, assumed = assumed_share(load_drug("sertraline"))
    >>> 0 < assumed < total
    True
    """
    counts = [count_assumed(record) for record in (drug, *_outside(drug))]
    return sum(total for total, _ in counts), sum(assumed for _, assumed in counts)


def _outside(drug: Drug) -> tuple[Compound, ...]:
    """Return the compounds that the file of the drug does not itself define."""
    own = {compound.name for compound in drug.definitions}
    return tuple(compound for compound in drug.compounds if compound.name not in own)


def observations_of(drug: Drug, observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """Return the observations that a drug takes part in.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> observations_of(load_drug("sertraline"), [])
    ()
    """
    return tuple(
        one for one in observations if any(course.drug == drug.name for course in one.doses)
    )


def drug_record(drug: Drug, observations: Iterable[Observation]) -> dict[str, Any]:
    """Return what the list shows of a drug, as plain values.

    Parameters
    ----------
    drug
        The drug.
    observations
        Published observations of all drugs.

    Returns
    -------
    Name, title, daily doses [mg], compounds, targets, enzymes and counts.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> drug_record(load_drug("citalopram"), [])["targets"]
    ['sert', 'herg']
    """
    total, assumed = assumed_share(drug)
    bound = {binding.target for item in drug.compounds for binding in item.binds}
    routes = {route.enzyme for item in drug.compounds for route in item.elimination}
    mine = observations_of(drug, observations)
    return {
        "name": drug.name,
        "title": drug.title,
        "route": drug.route,
        "dose_mg": [
            getattr(drug.dosing, key).number("mg") for key in ("lowest", "usual", "highest")
        ],
        "compounds": [compound.name for compound in drug.compounds],
        "targets": [name for name in TARGETS if name in bound],
        "enzymes": sorted(routes - {"other"}),
        "inhibits": sorted({one.enzyme for item in drug.compounds for one in item.inhibits}),
        "observations": len(mine),
        "independent": sum(one.tag == "independent" for one in mine),
        "numbers": total,
        "assumed": assumed,
    }


def render_drugs(records: list[dict[str, Any]]) -> str:
    """Return the list of drugs for people.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> print(render_drugs([drug_record(load_drug("sertraline"), [])]).splitlines()[0])
    drug        mg a day     acts on                  judged by  assumed
    """
    name_width = max(10, *(len(record["name"]) for record in records)) if records else 10
    lines = [
        f"{'drug':{name_width}}  {'mg a day':11}  {'acts on':23}  {'judged by':>9}  {'assumed':>7}"
    ]
    for record in records:
        low, _, high = record["dose_mg"]
        targets = textwrap.shorten(" ".join(record["targets"]), 23, placeholder=" ...")
        share = f"{record['assumed']}/{record['numbers']}"
        dose = f"{low:g}-{high:g}"
        lines.append(
            f"{record['name']:{name_width}}  {dose:11}  {targets:23}  "
            f"{record['observations']:9d}  {share:>7}"
        )
    lines += [
        "",
        f"{len(records)} drugs. 'judged by' counts published observations (cohort drugs validate);",
        "'assumed' the numbers that were recalled or guessed, of all that the drug has.",
        "cohort drugs show NAME prints one; a YAML file of your own may stand for a name.",
    ]
    return "\n".join(lines)


def number_rows(drug: Drug) -> list[tuple[str, str, str, str, str]]:
    """Return every number of a drug: place, value, mark, role and source.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> number_rows(load_drug("sertraline"))[0][:3]
    ('dosing.lowest', '25 mg', 'assumed')
    """
    rows = list(_quantities(drug, ""))
    for compound in _outside(drug):
        rows += _quantities(compound, f"{compound.name}.")
    return rows


def _quantities(record: object, where: str) -> Iterable[tuple[str, str, str, str, str]]:
    if isinstance(record, Quantity):
        yield where.rstrip("."), str(record.value), record.mark, record.tag, record.source
    elif isinstance(record, dict):
        for key, value in record.items():
            yield from _quantities(value, f"{where}{key}.")
    elif isinstance(record, list | tuple):
        for i, value in enumerate(record):
            yield from _quantities(value, f"{where.rstrip('.')}[{_label(value, i)}].")
    elif isinstance(record, BaseModel):
        for key in type(record).model_fields:
            yield from _quantities(getattr(record, key), f"{where}{key}.")


def _label(value: object, position: int) -> str:
    for key in ("enzyme", "target", "compound", "parent", "covariate", "name"):
        found = getattr(value, key, None)
        if isinstance(found, str):
            return found
    return str(position)


def render_drug(drug: Drug, observations: Iterable[Observation]) -> str:
    """Return one drug for people: what it is, and every number with its source.

    Parameters
    ----------
    drug
        The drug.
    observations
        Published observations of all drugs.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> print(render_drug(load_drug("sertraline"), []).splitlines()[0])
    Sertraline (sertraline), oral, 25 to 200 mg a day, usually 50
    """
    record = drug_record(drug, observations)
    low, usual, high = record["dose_mg"]
    lines = [
        f"{drug.title} ({drug.name}), {drug.route}, {low:g} to {high:g} mg a day, "
        f"usually {usual:g}",
        f"compounds   {', '.join(record['compounds'])}",
        f"acts on     {', '.join(TARGETS[name].title for name in record['targets']) or 'nothing'}",
        f"removed by  {', '.join(record['enzymes']) or 'other ways'}",
        f"inhibits    {', '.join(record['inhibits']) or 'no enzyme'}",
        f"judged by   {record['observations']} published observations, "
        f"{record['independent']} of them independent (cohort drugs validate)",
        "",
    ]
    rows = number_rows(drug)
    wide = max(len(place) for place, *_ in rows)
    for place, value, mark, tag, source in rows:
        head = f"{place:{wide}}  {value:12}  {mark:8}  {tag:11}  "
        text = textwrap.wrap(source, max(_WIDTH - len(head), 40)) or [""]
        lines.append(head + text[0])
        lines += [" " * len(head) + more for more in text[1:]]
    lines += [
        "",
        f"{record['assumed']} of {record['numbers']} numbers are assumed: recalled or guessed.",
        NOTICE,
    ]
    return "\n".join(lines)
