"""Analysis-results data: every statistic of the trial, one a row, unrounded."""

from pipelines.schema.columns import Column, Table, count_column, number_column, text_column

__all__ = ["ANALYSES_OF_RESULTS", "RESULTS"]

ANALYSES_OF_RESULTS: tuple[str, ...] = (
    "demographics",
    "baseline",
    "disposition",
    "exposure",
    "efficacy by visit",
    "response by visit",
    "contrasts",
    "protocol analysis",
    "time to event",
    "adverse events",
    "adverse events by term",
    "adverse event groups",
    "shifts",
    "biomarkers",
    "subgroups",
    "genotype by dose",
    "exposure-response",
    "individual effects",
)
"""The values of the column ``analysis``, in their order in the table."""


def _group(number: int, meaning: str) -> tuple[Column, ...]:
    return (
        text_column(f"group{number}", f"Group {number}", f"Name of what groups: {meaning}."),
        text_column(f"group{number}_level", f"Level of group {number}", "Its value."),
    )


RESULTS = Table(
    name="results",
    label="Analysis Results Data",
    meaning="One row per statistic, unrounded, in the layout of analysis-results data of the R "
    "package cards: groups, variable, context, statistic. Rows come in the order in which a report "
    "shows them; quantiles are the averaged order statistics of SAS (definition 5, R type 2).",
    key=("number",),
    columns=(
        count_column(
            "number", "Number of the row", "From 1, in the order of a report.", "", nullable=False
        ),
        text_column(
            "analysis",
            "Analysis",
            "Which part of the report the statistic belongs to.",
            allowed=ANALYSES_OF_RESULTS,
            nullable=False,
        ),
        text_column(
            "population",
            "Population",
            "Whom it is about: randomised (ITTFL), treated (SAFFL), analysed (ANL01FL; for models "
            "whoever they use), exposed (level above zero), pairs (persons analysed in both arms).",
            allowed=("randomised", "treated", "analysed", "exposed", "pairs"),
            nullable=False,
        ),
        *_group(1, "ARM in most analyses"),
        *_group(2, "a visit, an organ class, a covariate ..."),
        *_group(3, "what else divides the patients"),
        text_column(
            "variable",
            "Variable",
            "Column, parameter, endpoint or term that is summarised.",
            nullable=False,
        ),
        text_column("variable_label", "Label of the variable", "For people.", nullable=False),
        text_column(
            "variable_level", "Level of the variable", "Value that is counted; null for numbers."
        ),
        text_column(
            "reference",
            "Reference arm",
            "Arm that the arm of group1 is compared with; null where nothing is compared.",
        ),
        text_column(
            "context",
            "Context",
            "How the statistic was made, in the words of cards and cardx where they have one.",
            nullable=False,
        ),
        text_column("stat_name", "Name of the statistic", "As in cards.", nullable=False),
        text_column("stat_label", "Label of the statistic", "For people.", nullable=False),
        number_column("stat", "unit", "Statistic", "Not rounded; shares between 0 and 1."),
        text_column("unit", "Unit", "Unit of the statistic.", nullable=False),
        text_column(
            "fmt_fun",
            "Format",
            "Pattern of cards: an x after the point is a decimal, % multiplies by 100.",
            nullable=False,
        ),
        text_column("stat_fmt", "Formatted statistic", "stat by fmt_fun, halves away from zero."),
        text_column("method", "Method", "Of an estimate, interval or test; null for counts."),
        text_column("warning", "Warning", "What limits the statistic."),
        text_column("error", "Error", "Why there is no statistic; null where there is one."),
    ),
)
