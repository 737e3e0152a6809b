"""Tables of a batch: its points, their outcomes, and what the outcomes are sensitive to."""

from dataclasses import replace

from pipelines.schema.columns import Column, Table, count_column, number_column, text_column

__all__ = ["OUTCOMES_BY_POINT", "POINTS", "SENSITIVITY", "points_table"]

_POINT = count_column("point", "Point", "Number of the point, from 1.", "", nullable=False)
_OUTPUT = (
    text_column("source", "Table", "Table of the run that the value is read from.", nullable=False),
    text_column("variant", "Variant", "Name of the variant; null in a trial without variants."),
    text_column("arm", "Arm", "Name of the arm.", nullable=False),
    text_column(
        "endpoint",
        "Endpoint",
        "Rating scale, biomarker, or term of an adverse event.",
        nullable=False,
    ),
    text_column("visit", "Visit", "Name of the visit; null for what is counted over the trial."),
    number_column("visit_week", "week", "Visit (weeks)", "Weeks since the first dose."),
    text_column("statistic", "Statistic", "Column of the table of the run.", nullable=False),
)

POINTS = Table(
    name="points",
    label="Points of the Batch",
    meaning="One row per point: what it was, and what became of it. Then one column per key that "
    "is varied, named by the key with the unit in round brackets.",
    key=("point",),
    columns=(
        _POINT,
        text_column("protocol", "Protocol", "Name of the protocol.", nullable=False),
        text_column(
            "folder",
            "Run folder",
            "Folder of the run within the batch; that of the first point with the same protocol.",
            nullable=False,
        ),
        text_column(
            "status",
            "Status",
            "done, or failed: set aside.",
            allowed=("done", "failed"),
            nullable=False,
        ),
        text_column("failure", "Failure", "Why it failed; null if it did not."),
        text_column(
            "protocol_sha256", "Hash of the protocol", "Of its canonical JSON.", nullable=False
        ),
        count_column(
            "patient_seed", "Seed", "Seed of the patients and their luck.", "", nullable=False
        ),
        count_column("n_patients", "Patients", "Patients of all arms.", nullable=False),
        count_column(
            "n_failed",
            "Solver failures",
            "Patients with a result code other than 0; null if the point failed.",
        ),
    ),
)

OUTCOMES_BY_POINT = Table(
    name="outcomes_by_point",
    label="Outcomes by Point",
    meaning="One row per point and number of the tables outcomes_by_arm, contrasts and "
    "ae_rates_by_arm of its run.",
    key=("point", "source", "arm", "endpoint", "visit", "statistic"),
    columns=(
        _POINT,
        *_OUTPUT,
        number_column("value", "points", "Value", "In the unit that the statistic has there."),
    ),
)

SENSITIVITY = Table(
    name="sensitivity",
    label="Sensitivity of Outcomes to Keys",
    meaning="One row per outcome at its last visit and key: the shares of the variance over the "
    "points that the key explains. Indices are null where there are none; the reason says why.",
    key=("source", "arm", "endpoint", "visit", "statistic", "key"),
    columns=(
        *_OUTPUT,
        text_column("key", "Key", "Key path that is varied.", nullable=False),
        number_column(
            "first_order", "1", "First-order index", "Share that the key explains by itself."
        ),
        number_column("first_order_low", "1", "First order, 95 % CI low", "Bootstrap percentile."),
        number_column("first_order_high", "1", "First order, 95 % CI high", "As the lower bound."),
        number_column(
            "total", "1", "Total index", "Share that the key explains, its interactions included."
        ),
        number_column("total_low", "1", "Total, 95 % CI low", "Bootstrap percentile."),
        number_column("total_high", "1", "Total, 95 % CI high", "As the lower bound."),
        number_column("mean", "points", "Mean", "Of the outcome over the points."),
        number_column("sd", "points", "SD", "Of the outcome over the points."),
        count_column("n", "Samples", "Samples of the design behind the indices."),
        count_column("n_points", "Points", "Points that are done and have the outcome."),
        text_column(
            "reason",
            "Reason",
            "Why there are no indices, or why their intervals are missing or rough; null if there "
            "is nothing to say.",
        ),
    ),
)


def points_table(columns: tuple[Column, ...]) -> Table:
    """Return the table of points with its columns of keys.

    Parameters
    ----------
    columns
        One a key.

    Examples
    --------
    >>> len(points_table(()).columns)
    9
    """
    return replace(POINTS, columns=(*POINTS.columns, *columns))
