"""Tables that answer the questions of the protocol: estimands, subgroups, exposure."""

from pipelines.schema.columns import (
    Table,
    cdisc_columns,
    count_column,
    number_column,
    text_column,
)
from pipelines.schema.subjects import SUBJECT_KEY
from pipelines.schema.summaries import (
    ARM_KEY,
    CONTROL_KEY,
    ENDPOINT_KEY,
)

__all__ = [
    "ANALYSES",
    "EFFECTS_BY_SUBGROUP",
    "EXPOSURE_RESPONSE",
    "INTERCURRENT_EVENTS",
]

INTERCURRENT_EVENTS = Table(
    name="intercurrent_events",
    label="Intercurrent Events",
    meaning="One row per event between treatment and outcome: a discontinuation, or the start of "
    "rescue in trials that have it.",
    key=("TRT01PN", "USUBJID", "ICEDY", "ICETYPE"),
    columns=(
        *SUBJECT_KEY,
        *cdisc_columns(
            text_column(
                "TRT01P", "Planned Treatment for Period 01", "Name of the arm.", nullable=False
            ),
            count_column(
                "TRT01PN",
                "Planned Treatment for Period 01 (N)",
                "Number of the arm.",
                "",
                nullable=False,
            ),
        ),
        number_column(
            "ICEDY", "d", "Day of the Event", "Days since the first dose.", nullable=False
        ),
        text_column(
            "ICETYPE",
            "Type of the Event",
            "What happened.",
            allowed=("DISCONTINUATION", "RESCUE"),
            nullable=False,
        ),
        text_column("ICEREAS", "Reason", "DCSREAS of ADSL; null for rescue."),
        text_column(
            "ICEFAIL",
            "Failure of the Treatment",
            "Y if the composite strategy counts it as failure: rescue, an adverse event, lack of "
            "efficacy.",
            allowed=("Y", "N"),
            nullable=False,
        ),
    ),
)

ANALYSES = Table(
    name="analyses",
    label="Analyses of the Protocol",
    meaning="One row per arm other than control, endpoint, visit after baseline and look. "
    "Different patients are compared at equal baseline, the same patients (counterfactual "
    "designs) by their differences; patients with a solver failure are left out. Claims are made "
    "for the primary endpoint at the last visit.",
    key=("endpoint", "arm_number", "visit_week", "look"),
    columns=(
        *ARM_KEY,
        *CONTROL_KEY,
        *ENDPOINT_KEY,
        count_column(
            "look",
            "Number of the look",
            "From 1; the last is the end of the trial.",
            nullable=False,
        ),
        number_column(
            "information",
            "1",
            "Share of patients at the look",
            "Patients of each arm with the lowest numbers, taken as the first to finish.",
            nullable=False,
        ),
        text_column(
            "estimand",
            "Estimand",
            "What is done with values after an intercurrent event.",
            allowed=("treatment_policy", "hypothetical", "while_on_treatment", "composite"),
            nullable=False,
        ),
        text_column(
            "missing_data",
            "Missing data",
            "What stands for a missing value.",
            allowed=("LOCF", "BOCF", "observed", "MMRM", "MAR", "J2R", "CR", "CIR"),
            nullable=False,
        ),
        text_column(
            "model",
            "Model",
            "ANCOVA by baseline, MMRM with unstructured covariance, or differences within pairs.",
            allowed=("ANCOVA", "MMRM", "paired"),
            nullable=False,
        ),
        count_column(
            "n_arm", "Analysed in the arm", "Patients behind the estimate, imputed included."
        ),
        count_column("n_control", "Analysed in control", "As n_arm."),
        number_column(
            "estimate",
            "points",
            "Difference",
            "Arm minus control; negative is better on these scales.",
        ),
        number_column(
            "standard_error", "points", "Standard error", "By Rubin's rules after imputation."
        ),
        number_column("degrees_of_freedom", "1", "Degrees of freedom", "Of Student's t."),
        number_column(
            "low", "points", "Difference, 95 % CI low", "Student's t; not for multiplicity."
        ),
        number_column("high", "points", "Difference, 95 % CI high", "As the lower bound."),
        number_column("p", "1", "p value", "Two-sided, of no difference, not adjusted."),
        number_column(
            "p_adjusted",
            "1",
            "Adjusted p value",
            "By the multiplicity of the protocol; null outside the claims and with interim looks.",
        ),
        number_column(
            "level",
            "1",
            "Level at the look",
            "p that claims while all arms are open, spending and Bonferroni counted in; null "
            "outside the claims, and for 'dunnett' and 'graphical', which p_adjusted decides.",
        ),
        text_column(
            "claim",
            "Claim",
            "What may be claimed after this look; null outside the claims.",
            allowed=("better", "worse", "go on", "futile", "not shown"),
        ),
        text_column("remark", "Remark", "Why there is no estimate, or not of all patients."),
    ),
)

EFFECTS_BY_SUBGROUP = Table(
    name="effects_by_subgroup",
    label="Individual Effects by Subgroup",
    meaning="One row per arm other than control, endpoint, covariate and level, at the last visit; "
    "empty unless the design is counterfactual. An effect is the change of a person in the arm "
    "minus the change of the same person in control.",
    key=("endpoint", "arm_number", "covariate", "level_number"),
    columns=(
        *ARM_KEY,
        *CONTROL_KEY,
        *ENDPOINT_KEY,
        text_column(
            "covariate",
            "Covariate",
            "Column of ADSL, BASE for the baseline score, everyone for all patients.",
            nullable=False,
        ),
        text_column("level", "Level", "Value, or third with its range.", nullable=False),
        count_column(
            "level_number", "Number of the level", "From 1, in order.", "", nullable=False
        ),
        count_column("n", "Persons", "Persons analysed in both arms.", nullable=False),
        number_column(
            "mean_effect", "points", "Mean effect", "Negative is better on these scales."
        ),
        number_column(
            "sd_effect",
            "points",
            "SD of effects",
            "Between persons, the rating noise of both arms included.",
        ),
        number_column("standard_error", "points", "Standard error", "sd_effect / sqrt(n)."),
        number_column("low", "points", "Mean effect, 95 % CI low", "Student's t interval."),
        number_column("high", "points", "Mean effect, 95 % CI high", "As the lower bound."),
        number_column(
            "shrunken_effect",
            "points",
            "Shrunken mean effect",
            "Empirical Bayes over the levels of the covariate; null with fewer than two levels.",
        ),
        number_column(
            "shrunken_error", "points", "Its standard error", "Spread between levels held known."
        ),
    ),
)

EXPOSURE_RESPONSE = Table(
    name="exposure_response",
    label="Exposure and Response",
    meaning="One row per exposure, quartile and outcome, over the persons of all arms whose "
    "exposure is above zero: change and response at the last visit, adverse events at any time.",
    key=("exposure", "quartile", "kind", "outcome"),
    columns=(
        text_column(
            "exposure",
            "Exposure",
            "PARAMCD: level of a compound (C_, ADPC) or occupancy of a target (O_, ADLB), a "
            "person's mean over the visits after baseline.",
            cdisc="PARAMCD",
            nullable=False,
        ),
        text_column("unit", "Unit", "Unit of the exposure.", cdisc="AVALU", nullable=False),
        count_column("quartile", "Quartile", "1 is the lowest.", "", nullable=False),
        number_column("exposure_low", "unit", "Lowest exposure", "Of the quartile."),
        number_column("exposure_median", "unit", "Median exposure", "Of the quartile."),
        number_column("exposure_high", "unit", "Highest exposure", "Of the quartile."),
        text_column(
            "kind",
            "Kind of outcome",
            "Mean change, share of responders, share with the event.",
            allowed=("change", "response", "adverse event"),
            nullable=False,
        ),
        text_column("outcome", "Outcome", "Rating scale or preferred term.", nullable=False),
        count_column("n", "Persons", "With a change, else of the quartile.", nullable=False),
        text_column(
            "value_unit",
            "Unit of the value",
            "Unit of value, low and high.",
            allowed=("points", "%"),
            nullable=False,
        ),
        number_column("value", "value_unit", "Value", "Mean or share."),
        number_column(
            "low", "value_unit", "Value, 95 % CI low", "Student's t or Wilson's interval."
        ),
        number_column("high", "value_unit", "Value, 95 % CI high", "As the lower bound."),
    ),
)
