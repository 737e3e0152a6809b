"""Summaries by arm and visit, and their contrasts."""

from pipelines.schema.columns import (
    Column,
    Table,
    count_column,
    number_column,
    text_column,
)

__all__ = [
    "AE_RATES",
    "ARM_KEY",
    "BIOMARKERS_BY_ARM",
    "CONTRASTS",
    "CONTROL_KEY",
    "CROSSOVER",
    "ENDPOINT_KEY",
    "OUTCOMES_BY_ARM",
]

ARM_KEY = (
    text_column("arm", "Arm", "Name of the arm.", cdisc="TRT01P", nullable=False),
    count_column(
        "arm_number", "Number of the arm", "Number of the arm.", "", cdisc="TRT01PN", nullable=False
    ),
)
CONTROL_KEY = (
    text_column("control", "Control arm", "Name of the arm it is compared with.", nullable=False),
)
_VISIT_KEY = (
    text_column("visit", "Visit", "Name of the visit.", cdisc="AVISIT", nullable=False),
    number_column(
        "visit_week",
        "week",
        "Visit (weeks)",
        "Weeks since the first dose.",
        cdisc="AVISITN",
        nullable=False,
    ),
)
ENDPOINT_KEY = (
    text_column("endpoint", "Endpoint", "Rating scale.", cdisc="PARAMCD", nullable=False),
    *_VISIT_KEY,
)

OUTCOMES_BY_ARM = Table(
    name="outcomes_by_arm",
    label="Outcomes by Arm and Visit",
    meaning="One row per arm, endpoint and visit, in points of the scale or the unit that adlb has "
    "for the biomarker. Means are over the analysed (a value, observed "
    "or carried forward, and at least one observed value after baseline); response and remission "
    "are shares of all randomised.",
    key=("endpoint", "arm_number", "visit_week"),
    columns=(
        *ARM_KEY,
        *ENDPOINT_KEY,
        count_column(
            "n_randomised", "Patients randomised", "Denominator of response and remission."
        ),
        count_column("n_analysed", "Patients analysed", "Denominator of the means."),
        count_column(
            "n_observed", "Values observed", "Analysed values that were not carried forward."
        ),
        count_column("n_missing", "Patients not analysed", "n_randomised - n_analysed."),
        count_column(
            "n_failed",
            "Solver failures",
            "Patients of the arm with a result code other than 0, at any time.",
        ),
        number_column("mean", "points", "Mean", "Mean of AVAL."),
        number_column("sd", "points", "SD", "Sample standard deviation of AVAL."),
        number_column("se", "points", "Standard error", "sd / sqrt(n_analysed)."),
        number_column("change_mean", "points", "Mean change", "Mean of CHG; null at baseline."),
        number_column("change_sd", "points", "SD of change", "Sample standard deviation of CHG."),
        number_column("change_se", "points", "Standard error of change", "change_sd / sqrt(n)."),
        number_column(
            "ratio_to_baseline",
            "1",
            "Geometric mean ratio to baseline",
            "Of R2BASE, over values and baselines above 0; of biomarkers only.",
        ),
        count_column("n_responders", "Responders", "Patients with CRIT1FL Y; null at baseline."),
        number_column("responders_percent", "%", "Responders (%)", "Of all randomised."),
        count_column(
            "n_remitters",
            "Remitters",
            "Patients with CRIT2FL Y; null at baseline and where remission is not defined.",
        ),
        number_column("remitters_percent", "%", "Remitters (%)", "Of all randomised."),
    ),
)


def _risk_columns(name: str, what: str) -> tuple[Column, ...]:
    """Return the seven columns that compare one share with its control."""
    return (
        number_column(f"{name}_difference", "1", f"{what}: risk difference", "Arm minus control."),
        number_column(
            f"{name}_difference_low",
            "1",
            f"{what}: difference, 95 % CI low",
            "Newcombe's score interval (paired form in counterfactual designs).",
        ),
        number_column(
            f"{name}_difference_high",
            "1",
            f"{what}: difference, 95 % CI high",
            "As the lower bound.",
        ),
        number_column(
            f"{name}_ratio",
            "1",
            f"{what}: risk ratio",
            "Arm over control; null if either share is zero.",
        ),
        number_column(
            f"{name}_ratio_low",
            "1",
            f"{what}: ratio, 95 % CI low",
            "Katz's log interval (paired form in counterfactual designs).",
        ),
        number_column(
            f"{name}_ratio_high", "1", f"{what}: ratio, 95 % CI high", "As the lower bound."
        ),
        number_column(
            f"{name}_nnt",
            "1",
            f"{what}: number needed to treat",
            "1 / difference; negative if the control does better; null if the shares are equal.",
        ),
    )


CONTRASTS = Table(
    name="contrasts",
    label="Contrasts with the Control Arm",
    meaning="One row per arm other than control, endpoint and post-baseline visit. Parallel "
    "designs compare means by Welch's interval, counterfactual designs by within-patient "
    "differences over the patients analysed in both arms.",
    key=("endpoint", "arm_number", "visit_week"),
    columns=(
        *ARM_KEY,
        *CONTROL_KEY,
        *ENDPOINT_KEY,
        text_column(
            "method",
            "Method",
            "How arms are compared.",
            allowed=("parallel", "paired"),
            nullable=False,
        ),
        count_column("n_arm", "Analysed in the arm", "Patients behind the mean (pairs if paired)."),
        count_column(
            "n_control", "Analysed in control", "Patients behind the mean (pairs if paired)."
        ),
        number_column(
            "difference",
            "points",
            "Difference in mean change",
            "Arm minus control; negative is better on a scale.",
        ),
        number_column(
            "difference_se", "points", "Standard error", "Standard error of the difference."
        ),
        number_column(
            "degrees_of_freedom", "1", "Degrees of freedom", "Welch-Satterthwaite, or n - 1."
        ),
        number_column(
            "difference_low", "points", "Difference, 95 % CI low", "Student's t interval."
        ),
        number_column(
            "difference_high", "points", "Difference, 95 % CI high", "As the lower bound."
        ),
        number_column(
            "smd",
            "1",
            "Standardised mean difference",
            "Hedges' g: difference over the pooled SD of change, corrected for small samples.",
        ),
        number_column(
            "smd_low",
            "1",
            "SMD, 95 % CI low",
            "Normal interval; in paired designs the interval of the difference on the same scale.",
        ),
        number_column("smd_high", "1", "SMD, 95 % CI high", "As the lower bound."),
        number_column(
            "ratio_to_control",
            "1",
            "Ratio of ratios to baseline",
            "Geometric mean of R2BASE, arm over control; of biomarkers only.",
        ),
        number_column(
            "ratio_to_control_low",
            "1",
            "Ratio of ratios, 95 % CI low",
            "Student's t interval of the difference of mean logarithms.",
        ),
        number_column(
            "ratio_to_control_high", "1", "Ratio of ratios, 95 % CI high", "As the lower bound."
        ),
        *_risk_columns("response", "Response"),
        *_risk_columns("remission", "Remission"),
    ),
)

BIOMARKERS_BY_ARM = Table(
    name="biomarkers_by_arm",
    label="Biomarkers by Arm and Visit",
    meaning="One row per arm, biomarker and visit, over the patients with a value there.",
    key=("biomarker", "arm_number", "visit_week"),
    columns=(
        *ARM_KEY,
        text_column("biomarker", "Biomarker", "Short name.", cdisc="PARAMCD", nullable=False),
        text_column("unit", "Unit", "Unit of the means.", cdisc="AVALU", nullable=False),
        *_VISIT_KEY,
        count_column("n", "Patients with a value", "Denominator of the means."),
        number_column("mean", "unit", "Mean", "Mean of AVAL."),
        number_column("sd", "unit", "SD", "Sample standard deviation of AVAL."),
        number_column("change_mean", "unit", "Mean change", "Mean of CHG; null at baseline."),
        number_column("change_sd", "unit", "SD of change", "Sample standard deviation of CHG."),
        number_column(
            "ratio_mean", "1", "Mean ratio to baseline", "Mean of R2BASE; null at baseline."
        ),
    ),
)

AE_RATES = Table(
    name="ae_rates_by_arm",
    label="Adverse Event Rates by Arm",
    meaning="One row per arm and term, over the safety population; the first row of an arm counts "
    "any adverse event.",
    key=("arm_number", "term"),
    columns=(
        *ARM_KEY,
        text_column(
            "control", "Control arm", "Arm it is compared with; null for the control itself."
        ),
        text_column(
            "organ_class",
            "Organ class",
            "Organ class; empty for any event.",
            cdisc="AEBODSYS",
            nullable=False,
        ),
        text_column("term", "Term", "Preferred term.", cdisc="AEDECOD", nullable=False),
        text_column(
            "ascertainment", "Ascertainment", "How events were asked for; null without events."
        ),
        count_column("n_patients", "Patients treated", "Safety population of the arm."),
        count_column("n_with_event", "Patients with the event", "Patients with at least one."),
        number_column("percent", "%", "Patients with the event (%)", "Of n_patients."),
        number_column("percent_low", "%", "Percent, 95 % CI low", "Wilson's interval."),
        number_column("percent_high", "%", "Percent, 95 % CI high", "Wilson's interval."),
        count_column("n_events", "Events", "All events, repeats included."),
        count_column("n_serious", "Serious events", "Events with AESER Y."),
        number_column("exposure_days", "d", "Exposure (patient-days)", "Sum of TRTDURD."),
        number_column(
            "rate_per_100_patient_years",
            "1/(100 y)",
            "Events per 100 patient-years",
            "n_events / exposure.",
        ),
        number_column("risk_difference", "1", "Risk difference", "Share minus the control's."),
        number_column(
            "risk_difference_low",
            "1",
            "Difference, 95 % CI low",
            "Newcombe's score interval for independent shares, in every design.",
        ),
        number_column(
            "risk_difference_high", "1", "Difference, 95 % CI high", "As the lower bound."
        ),
        number_column(
            "nnh",
            "1",
            "Number needed to harm",
            "1 / risk difference; negative if the "
            "control does worse; null if the shares are equal.",
        ),
    ),
)

CROSSOVER = Table(
    name="crossover_contrasts",
    label="Contrasts within Patients of a Cross-over",
    meaning="One row per endpoint and measure of a trial with two periods: what the treatments of "
    "the same patients differ by, over patients rated in both periods.",
    key=("endpoint", "measure"),
    columns=(
        text_column(
            "endpoint", "Endpoint", "Short name of the scale.", cdisc="PARAMCD", nullable=False
        ),
        text_column(
            "measure",
            "Measure",
            "value: at the end of the periods; change: from their start to their end.",
            allowed=("value", "change"),
            nullable=False,
        ),
        text_column("treatment", "Treatment", "First treatment of the first arm.", nullable=False),
        text_column("reference", "Reference", "What it is compared with.", nullable=False),
        count_column(
            "n_first", "Patients, first order", "Patients of the first arm in the contrast."
        ),
        count_column("n_second", "Patients, second order", "Patients of the second arm in it."),
        number_column(
            "difference",
            "points",
            "Difference",
            "Treatment minus reference, the effect of the period taken out.",
        ),
        number_column(
            "difference_se", "points", "Standard error", "Standard error of the difference."
        ),
        number_column("degrees_of_freedom", "1", "Degrees of freedom", "Welch-Satterthwaite."),
        number_column(
            "difference_low", "points", "Difference, 95 % CI low", "Student's t interval."
        ),
        number_column(
            "difference_high", "points", "Difference, 95 % CI high", "As the lower bound."
        ),
        number_column("period", "points", "Period effect", "First period minus the second."),
        number_column("period_low", "points", "Period, 95 % CI low", "Student's t interval."),
        number_column("period_high", "points", "Period, 95 % CI high", "As the lower bound."),
        number_column(
            "carry_over",
            "points",
            "Carry-over",
            "Mean of both periods, first order minus the second; 0 if nothing is carried over.",
        ),
        number_column(
            "carry_over_low", "points", "Carry-over, 95 % CI low", "Student's t interval."
        ),
        number_column(
            "carry_over_high", "points", "Carry-over, 95 % CI high", "As the lower bound."
        ),
    ),
)
