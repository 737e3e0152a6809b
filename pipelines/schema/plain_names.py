"""Plain words for the names of subject-level tables and their columns.

For analysts who do not live in ADaM: the same rows, each column under a word that says what it is,
with its unit where it has one. Summary tables carry such names already. A column that says nothing
more than another is left out (``None``): the unit of age is in ``age_y``, and ``ARM`` is ``arm``.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

__all__ = ["PLAIN_TABLES", "PLAIN_WORDS", "crossover_words", "plain_word"]

PLAIN_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "adsl": "patients",
        "adqs": "scores",
        "adlb": "biomarkers",
        "adae": "adverse_events",
        "adex": "exposure",
        "adpc": "concentrations",
        "advs": "vital_signs",
        "adtte": "times_to_event",
    }
)
"""Plain names of tables; the others keep theirs."""

_EVERYWHERE: Mapping[str, str | None] = {
    "STUDYID": "trial",
    "USUBJID": "patient",
    "SUBJID": "person",
    "AGE": "age_y",
    "SEX": "sex",
    "RACE": "ancestry",
    "ITTFL": "is_randomised",
    "SAFFL": "is_treated",
    "TRTSDT": "treatment_start_date",
    "TRTEDT": "treatment_end_date",
    "TRT01P": "arm",
    "TRT01PN": "arm_number",
    "TRTP": "arm",
    "TRTPN": "arm_number",
    "TRTA": "arm",
    "TRTAN": "arm_number",
    "VARIANT": "variant",
    "VARIANTN": "variant_number",
    "AVISIT": "visit",
    "AVISITN": "visit_week",
    "ADT": "date",
    "ADY": "day",
    "ASTDT": "start_date",
    "ASTDY": "start_day",
    "AENDT": "end_date",
    "AENDY": "end_day",
    "ASEQ": "record_number",
    "PARAM": "parameter_name",
    "PARAMCD": "parameter",
    "PARAMN": "parameter_number",
    "AWTARGET": "day_planned",
    "AWTDIFF": "days_from_plan",
    "AWU": None,
    "AVAL": "value",
    "AVALU": "unit",
    "BASE": "baseline",
    "CHG": "change",
    "PCHG": "change_percent",
    "R2BASE": "ratio_to_baseline",
    "ANRLO": "range_low",
    "ANRHI": "range_high",
    "ANRIND": "range_indicator",
    "BNRIND": "baseline_range_indicator",
    "DTYPE": "filled_in_by",
    "ABLFL": "is_baseline",
    "ONTRTFL": "is_on_treatment",
    "ANL01FL": "is_analysed",
    "CRIT1": "response_rule",
    "CRIT1FL": "is_response",
    "CRIT2": "remission_rule",
    "CRIT2FL": "is_remission",
    "SIMFL": "is_simulated",
}

_BY_TABLE: Mapping[str, Mapping[str, str | None]] = {
    "adsl": {
        "ARM": None,
        "TRT01A": "arm_taken",
        "TRT01AN": "arm_taken_number",
        "SITEID": "site",
        "RANDDT": "randomisation_date",
        "EOSDT": "end_of_trial_date",
        "AGEGR1": "age_group",
        "AGEGR1N": "age_group_number",
        "RACEGR1": "ancestry_group",
        "ETHNIC": "hispanic_origin",
        "DTHFL": "died",
        "BMIBLGR1": "body_mass_index_group",
        "AGEU": None,
        "HEIGHTBL": "height_cm",
        "WEIGHTBL": "weight_kg",
        "BMIBL": "body_mass_index_kg_per_m2",
        "SMOKER": "is_smoker",
        "CRCL": "creatinine_clearance_ml_per_min",
        "CYP2C19": "cyp2c19_phenotype",
        "CYP2D6": "cyp2d6_phenotype",
        "SLC6A4": "slc6a4_genotype",
        "COMT": "comt_genotype",
        "MAOA": "maoa_genotype",
        "COMPLFL": "is_completer",
        "EOSSTT": "end_of_trial",
        "DCSREAS": "why_left_trial",
        "EOTSTT": "end_of_treatment",
        "DCTREAS": "why_left_treatment",
        "TRTDURD": "treatment_days",
        "STRATAR": "stratum",
        "DCDAY": "day_left_trial",
        "DCTDAY": "day_left_treatment",
        "RESCDAY": "day_of_rescue",
        "RESCTKN": "rescue_doses_taken",
        "DOSEPLN": "doses_planned",
        "DOSETKN": "doses_taken",
        "DOSECUM": "dose_sum_mg",
        "RESCODE": "solver_code",
        "RESTXT": "solver_message",
        "FAILTIME": "solver_failure_h",
        "STEPACC": "solver_steps",
        "STEPREJ": "solver_steps_repeated",
    },
    "adqs": {
        "PARAM": "scale_name",
        "PARAMCD": "scale",
        "PARAMN": "scale_number",
        "AVAL": "score",
    },
    "adlb": {
        "PARAM": "biomarker_name",
        "PARAMCD": "biomarker",
        "PARAMN": "biomarker_number",
    },
    "adpc": {
        "PARAM": "compound_name",
        "PARAMCD": "compound",
        "PARAMN": "compound_number",
        "AVAL": "concentration",
    },
    "adex": {
        "PARAM": "measure_name",
        "PARAMCD": "measure",
        "PARAMN": "measure_number",
        "PARCAT1": "span",
        "AVALC": "answer",
    },
    "adtte": {
        "PARAM": "endpoint_name",
        "PARAMCD": "endpoint",
        "PARAMN": "endpoint_number",
        "AVAL": "days",
        "STARTDT": "start_date",
        "CNSR": "censoring",
        "EVNTDESC": "what_happened",
        "CNSDTDSC": "what_censored",
        "SRCDOM": "source_table",
        "SRCVAR": "source_column",
        "SRCSEQ": "source_row",
    },
    "adae": {
        "AESEQ": "event_number",
        "AETERM": "event_as_told",
        "AEDECOD": "event",
        "AEBODSYS": "organ_class",
        "ADURN": "duration_days",
        "ADURU": None,
        "AESEV": "severity",
        "ASEVN": "severity_number",
        "AETOXGR": "ctcae_grade",
        "AESER": "is_serious",
        "AESDTH": "led_to_death",
        "AESLIFE": "is_life_threatening",
        "AESHOSP": "led_to_hospital",
        "AESDISAB": "led_to_disability",
        "AESMIE": "is_otherwise_important",
        "AEREL": "relation_to_treatment",
        "AEACN": "action_taken",
        "AEOUT": "outcome",
        "AESIGNS": "signs",
        "TRTEMFL": "began_on_treatment",
        "AOCCFL": "is_first",
        "AOCCSFL": "is_first_of_its_organ_class",
        "AOCCPFL": "is_first_of_its_kind",
        "AEASCERT": "how_asked",
    },
    "trajectories": {
        "ARM": "arm",
        "ARMN": "arm_number",
        "QUANTITY": "quantity",
        "UNIT": "unit",
        "TIME_H": "time_h",
        "VALUE": "value",
    },
    "intercurrent_events": {
        "ICEDY": "day",
        "ICETYPE": "event",
        "ICEREAS": "reason",
        "ICEFAIL": "is_counted_as_failure",
    },
}

PLAIN_WORDS: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {table: MappingProxyType({**_EVERYWHERE, **words}) for table, words in _BY_TABLE.items()}
)
"""The word list: table, then ADaM name, then the plain name or None for what is left out."""


def plain_word(table: str, column: str) -> str | None:
    """Return the plain name of a column, None if the plain tables leave it out.

    Parameters
    ----------
    table, column
        Names in the run. A name that the list does not hold is plain already.

    Examples
    --------
    >>> plain_word("adsl", "AGE"), plain_word("adsl", "AGEU"), plain_word("contrasts", "smd")
    ('age_y', None, 'smd')
    """
    return PLAIN_WORDS.get(table, _EVERYWHERE).get(column, column.lower())


def crossover_words(columns: Sequence[str]) -> Mapping[str, str | None]:
    """Return the words that a cross-over has for treatments: the arm is a sequence of them.

    Parameters
    ----------
    columns
        Names of the columns of a table; without a sequence among them there are no such words.

    Examples
    --------
    >>> crossover_words(["TRTP", "TRTSEQP", "TRTSEQPN"])["TRTP"]
    'treatment'
    """
    if not {"TRTSEQP", "TRTSEQA"} & set(columns):
        return {}
    words: dict[str, str | None] = {
        "TRTP": "treatment",
        "TRTPN": "treatment_number",
        "TRTA": "treatment",
        "TRTAN": "treatment_number",
        "TRTSEQP": "arm",
        "TRTSEQPN": "arm_number",
        "APERIOD": "period",
        "APERIODC": None,
    }
    if "TRTSEQP" in columns:
        words |= {"TRTSEQA": "arm_taken", "TRTSEQAN": "arm_taken_number"}
    else:
        words |= {"TRTSEQA": "arm", "TRTSEQAN": "arm_number"}
    for column in columns:
        found = _OF_PERIOD.fullmatch(column)
        if found:
            number, what = int(found["number"]), _PERIOD_WORDS[found["what"]]
            words[column] = f"period_{number}_{what}"
    return {column: word for column, word in words.items() if column in columns}


_OF_PERIOD = re.compile(r"TRT?(?P<number>\d\d)(?P<what>P|PN|A|AN|SDT|EDT)")
_PERIOD_WORDS = {
    "P": "treatment",
    "PN": "treatment_number",
    "A": "treatment_taken",
    "AN": "treatment_taken_number",
    "SDT": "first_date",
    "EDT": "last_date",
}
