"""What protocols of models from files can get wrong, each with its place and its remedy."""

import pytest
from imported_trials import TRIAL, WARFARIN

from cohort.errors import ProtocolError
from cohort.trial import parse_protocol

DRUG = "{name: warfarin, into: C}"
CL = "{parameter: CL, cv: 30 %}"

# what is wrong: (given, broken, key path, words of the message)
WRONG = {
    "both": ("seed: 7", "seed: 7\ncondition: major_depression", "model", "one of the two"),
    "no such file": (str(WARFARIN), "no.xml", "model.file", "no such file"),
    "not SBML": (str(WARFARIN), __file__, "model.file", "XML"),
    "file missing": (f"  file: {WARFARIN}\n", "", "model.file", "the key 'file' is missing"),
    "unknown key": ("  drugs:", "  drug:", "model.drug", "Did you mean 'drugs'?"),
    "a unit of time that is none": (
        "  drugs:",
        "  time_unit: fortnight\n  drugs:",
        "model.time_unit",
        "'hour'",
    ),
    "dose into nothing": (DRUG, "{name: warfarin, into: D}", "model.drugs.warfarin.into", "no 'D'"),
    "dose into a constant": (
        DRUG,
        "{name: warfarin, into: CL}",
        "model.drugs.warfarin.into",
        "held constant or computed by a rule",
    ),
    "dose of mass into a percentage": (
        DRUG,
        "{name: warfarin, into: PCA}",
        "model.drugs.warfarin.amount_per_mg",
        "'amount_per_mg: 1'",
    ),
    "amount of 0": (
        DRUG,
        "{name: warfarin, into: C, amount_per_mg: 0}",
        "model.drugs.warfarin.amount_per_mg",
        "more than 0",
    ),
    "two ways to say an amount": (
        DRUG,
        "{name: warfarin, into: C, amount_per_mg: 1, molar_mass: 308 g/mol}",
        "model.drugs.warfarin.molar_mass",
        "one of the two",
    ),
    "molar mass without unit": (
        DRUG,
        "{name: warfarin, into: C, molar_mass: 308}",
        "model.drugs.warfarin.molar_mass",
        "'molar_mass: 308 g/mol'",
    ),
    "nothing arrives": (
        DRUG,
        "{name: warfarin, into: C, bioavailability: 0 %}",
        "model.drugs.warfarin.bioavailability",
        "more than 0 %",
    ),
    "infused and absorbed": (
        DRUG,
        "{name: warfarin, into: C, ka: 1 1/h, infusion: 1 h}",
        "model.drugs.warfarin.infusion",
        "infused or absorbed",
    ),
    "a rate without unit": (
        DRUG,
        "{name: warfarin, into: C, ka: 1}",
        "model.drugs.warfarin.ka",
        "'ka: 1 1/h'",
    ),
    "a negative rate": (
        DRUG,
        "{name: warfarin, into: C, ka: -1 1/h}",
        "model.drugs.warfarin.ka",
        "more than 0 1/h",
    ),
    "a lag without unit": (
        DRUG,
        "{name: warfarin, into: C, lag: 1}",
        "model.drugs.warfarin.lag",
        "1 h",
    ),
    "a drug named twice": (
        DRUG,
        f"{DRUG}\n    - {DRUG}",
        "model.drugs[1]",
        "once is allowed",
    ),
    "an unknown drug": (
        "drug: warfarin,",
        "drug: warfarine,",
        "arms.dosed.regimens[0].drug",
        "warfarin",
    ),
    "one of our drugs": (
        "drug: warfarin,",
        "drug: sertraline,",
        "arms.dosed.regimens[0].drug",
        "says where its doses go",
    ),
    "unknown parameter": (
        CL,
        "{parameter: CLL, cv: 30 %}",
        "model.variability[0].parameter",
        "'CL'",
    ),
    "a level as parameter": (
        CL,
        "{parameter: PCA, cv: 30 %}",
        "model.variability[0].parameter",
        "'initial_PCA'",
    ),
    "a share of 0": (
        CL,
        "{parameter: initial_C, cv: 30 %}",
        "model.variability[0].parameter",
        "typical value of 'initial_C' is 0",
    ),
    "parameter twice": (
        CL,
        f"{CL}\n    - {CL}",
        "model.variability[1].parameter",
        "once is allowed",
    ),
    "a CV below 0": (CL, "{parameter: CL, cv: -1 %}", "model.variability[0].cv", "0 %"),
    "percent without its sign": (CL, "{parameter: CL, cv: 30}", "model.variability[0].cv", "30 %"),
    "a normal that changes sign": (
        CL,
        "{parameter: CL, cv: 50 %, distribution: normal}",
        "model.variability[0].cv",
        "another sign",
    ),
    "unknown distribution": (
        CL,
        "{parameter: CL, cv: 5 %, distribution: gamma}",
        "model.variability[0].distribution",
        "'lognormal'",
    ),
    "correlated with a stranger": (
        "duration:",
        "  correlations: [{between: [CL, kout], r: 0.5}]\nduration:",
        "model.correlations[0].between",
        "two different parameters of 'variability'",
    ),
    "correlated with nothing": (
        "duration:",
        "  correlations: [{between: [CL], r: 0.5}]\nduration:",
        "model.correlations[0].between",
        "two are wanted",
    ),
    "correlated with itself": (
        "duration:",
        "  correlations: [{between: [CL, CL], r: 0.5}]\nduration:",
        "model.correlations[0].between",
        "with itself",
    ),
    "a correlation of 1": (
        "duration:",
        "  correlations: [{between: [CL, V], r: 1}]\nduration:",
        "model.correlations[0].r",
        "between -1 and 1",
    ),
    "unknown covariate": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: wt, exponent: 1, reference: 70 kg}]\nduration:",
        "model.covariates[0].covariate",
        "no 'wt'",
    ),
    "a power of a text": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: sex, exponent: 1, reference: '1'}]\nduration:",
        "model.covariates[0].covariate",
        "'levels' with a factor of each is wanted",
    ),
    "a reference in another unit": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: weight_kg, exponent: 1, reference: 70 cm}]\n"
        "duration:",
        "model.covariates[0].reference",
        "kg",
    ),
    "a level too few": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: sex, levels: {F: 1}}]\nduration:",
        "model.covariates[0].levels",
        "no factor for M",
    ),
    "half a power": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: weight_kg, exponent: 1}]\nduration:",
        "model.covariates[0]",
        "'exponent' and 'reference' or 'levels'",
    ),
    "value of an unknown": (
        "duration:",
        "  parameters: {k: 1}\nduration:",
        "model.parameters.k",
        "no constant 'k'",
    ),
    "a text as value": (
        "duration:",
        "  parameters: {CL: fast}\nduration:",
        "model.parameters.CL",
        "a number is wanted",
    ),
    "observing a constant": (
        "duration:",
        "  observe: [CL, C, PCA]\nduration:",
        "model.observe[0]",
        "constant in the file",
    ),
    "an endpoint that is not observed": (
        "duration:",
        "  observe: [PCA]\nduration:",
        "endpoints[0]",
        "'C' is not among",
    ),
    "a rating scale": ("[C, PCA]", "[C, PCA, MADRS]", "endpoints[2]", "'MADRS' is not among"),
    "a power of what is 0 in some": (
        "duration:",
        "  covariates: [{parameter: CL, covariate: cyp2d6_activity, exponent: 1, reference: '1'}]\n"
        "duration:",
        "model.covariates[0].covariate",
        "0 in some patients",
    ),
    "a unit of something else": (
        "duration:",
        "  units: {C: nmol/L}\nduration:",
        "model.units.C",
        "something else than 'mg/L'",
    ),
    "a unit of what is not reported": (
        "duration:",
        "  units: {CL: L/h}\nduration:",
        "model.units.CL",
        "not reported",
    ),
    "an analysis": ("arms:", "analysis: {missing_data: MAR}\narms:", "analysis", "does nothing"),
    "a tolerance of 0": (
        "duration:",
        "  tolerance: {relative: 0}\nduration:",
        "model.tolerance.relative",
        "more than 0",
    ),
    "adverse events": ("arms:", "adverse_events: all\narms:", "adverse_events", "does nothing"),
    "systems": ("arms:", "systems: [dopamine]\narms:", "systems", "does nothing"),
    "meals": (
        "arms:",
        "meals: [{at: 08:00, protein: 20 g}]\narms:",
        "meals",
        "they do nothing",
    ),
    "a lead-in": ("arms:", "lead_in: {placebo: 1 week}\narms:", "lead_in", "does nothing"),
    "titration": (
        "at: 12:00}",
        "at: 12:00, titrate: {steps: [5 mg, 9 mg], up_if: score > 3}}",
        "arms.dosed.regimens[0].titrate",
        "does nothing",
    ),
    "supplements": (
        "patients: 8, regimens",
        "patients: 8, supplements: [{supplement: choline, dose: 1 g}], regimens",
        "arms.dosed.supplements",
        "does nothing",
    ),
    "an entry criterion": (
        "arms:",
        "population: {entry: {scale: MADRS, at_least: 20}}\narms:",
        "population.entry",
        "does nothing",
    ),
    "a lifestyle": (
        "arms:",
        "variants: [{name: a}, {name: b, lifestyle: [exercise]}]\narms:",
        "variants.b.lifestyle",
        "does nothing",
    ),
    "a stratum of scores": (
        "arms:",
        "randomisation: {strata: [baseline > 3], block: 4}\narms:",
        "randomisation.strata[0]",
        "baseline",
    ),
    "criteria that nobody meets": (
        "arms:",
        "population: {eligibility: [weight_kg > 300 kg]}\narms:",
        "population.eligibility",
        "Relax",
    ),
}


@pytest.mark.parametrize(
    ("given", "broken", "key_path", "message"), WRONG.values(), ids=WRONG.keys()
)
def test_one_thing_broken_gives_one_mistake(given, broken, key_path, message):
    assert given in TRIAL
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(TRIAL.replace(given, broken, 1))
    (mistake,) = caught.value.mistakes
    assert mistake.key_path.startswith(key_path)
    assert message in mistake.message
    assert mistake.message.rstrip().endswith((".", "?"))


def test_all_mistakes_are_found_at_once():
    text = TRIAL.replace("into: C", "into: D").replace("parameter: V", "parameter: W")
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text.replace("[C, PCA]", "[C, PCA, X]"))
    found = [mistake.key_path for mistake in caught.value.mistakes]
    assert found == ["model.drugs.warfarin.into", "model.variability[1].parameter"]


def test_the_run_in_of_our_patient_is_a_day_at_least():
    with pytest.raises(ProtocolError, match="run_in: '0 day' was given; from 1 day"):
        parse_protocol(
            "schema_version: 1\nname: a\ntitle: A\nseed: 1\ncondition: major_depression\n"
            "run_in: 0 day\nduration: 1 week\nvisits: [week 0, week 1]\n"
            "arms: [{name: placebo, control: true, patients: 2}]\n"
            "endpoints: [MADRS]\nprimary_endpoint: MADRS\n"
        )


def test_a_trial_is_of_our_patient_or_of_a_model():
    of_model = TRIAL[TRIAL.index("model:") : TRIAL.index("duration:")]
    with pytest.raises(ProtocolError, match="it is needed, or 'model' with a file in SBML"):
        parse_protocol(TRIAL.replace(of_model, ""))
