"""The table `tipping_point`: columns of `analyses` that it shares, and its own.

Only trials whose protocol asks for it have it, so it is no part of `pipelines.schema.TABLES`.
"""

from pipelines.schema import CROSSED_TABLES, TABLES, Column, Table

__all__ = ["TIPPING_POINT", "tipping_table"]

TIPPING_POINT = "tipping_point"

_SHARED_KEY = (
    *("arm", "arm_number", "variant", "variant_number", "control"),
    *("endpoint", "visit", "visit_week"),
)
_SHARED = ("estimand", "missing_data", "n_arm", "n_control", "estimate", "p", "remark")


def tipping_table(*, is_crossed: bool) -> Table:
    """Return the table, with variants or without.

    Examples
    --------
    >>> tipping_table(is_crossed=False).key
    ('endpoint', 'arm_number', 'delta')
    """
    model = (CROSSED_TABLES if is_crossed else TABLES)["analyses"]
    known = {column.name: column for column in model.columns}
    return Table(
        name=TIPPING_POINT,
        label="Tipping Point",
        meaning="One row per arm other than control and shift: the primary endpoint at the last "
        "visit, once the imputed values of the arm are worse by the shift. Observed values and the "
        "control stay.",
        key=(
            "endpoint",
            "arm_number",
            *(("variant_number",) if is_crossed else ()),
            "delta",
        ),
        columns=(
            *(known[name] for name in _SHARED_KEY if name in known),
            Column(
                name="delta",
                kind="number",
                unit="points",
                label="Shift",
                meaning="Added to every imputed value of the arm; positive is worse.",
                nullable=False,
            ),
            Column(
                name="n_imputed",
                kind="integer",
                unit="1",
                label="Imputed in the arm",
                meaning="Patients of the arm whose value is imputed and moves.",
            ),
            *(known[name] for name in _SHARED),
            Column(
                name="finding",
                kind="text",
                label="Finding",
                meaning="By p at the level of the protocol, not adjusted for other arms; null "
                "without an estimate. The tipping point is the first shift that is not 'better'.",
                allowed=("better", "worse", "not shown"),
            ),
        ),
    )
