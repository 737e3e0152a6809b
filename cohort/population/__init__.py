"""Who is treated: real people's covariates, genotypes, and each patient's own parameters.

The walk enters at `sample_population` with patient ids, a seed, a `PopulationSpec`, the model and
its covariate effects, and leaves with a `Population` of columns. Chance comes from `draws` alone:
every number is keyed by seed, patient and decision, so patient 17 is the same person in every arm,
block and process. Imports kernels, NumPy and pydantic.
"""

from cohort.population.columns import ColumnKind, column_kinds
from cohort.population.covariates import sample_covariates
from cohort.population.draws import categorical, exponentials, keys, lognormals, normals, uniforms
from cohort.population.effects import (
    comt_effects,
    covariate_factors,
    genotype_effects,
    maoa_effect,
    slc6a4_effect,
)
from cohort.population.genotypes import Genotypes, load_genotypes, sample_genotypes
from cohort.population.history import (
    Categories,
    Lognormal,
    PatientHistory,
    Poisson,
    sample_history,
)
from cohort.population.kidney import cockcroft_gault, sample_creatinine
from cohort.population.normal_quantile import normal_quantile
from cohort.population.parameters import (
    REDRAW_LIMIT,
    ParameterDraw,
    sample_lags,
    sample_parameters,
)
from cohort.population.people import (
    ANCESTRIES,
    BMI_CLASSES,
    SEXES,
    SMOKER_LEVELS,
    People,
    load_people,
)
from cohort.population.population import Population, sample_population
from cohort.population.population_spec import PopulationSpec
from cohort.population.raking import rake
from cohort.population.records import load_people_file
from cohort.population.screening import (
    CANDIDATE_LIMIT,
    SMALLEST_SHARE,
    Criterion,
    draw_candidates,
    sample_people,
    screening_problem,
)
from cohort.population.shifts import shift_values
from kernels.philox import philox4x32

__all__ = [
    "ANCESTRIES",
    "BMI_CLASSES",
    "CANDIDATE_LIMIT",
    "REDRAW_LIMIT",
    "SEXES",
    "SMALLEST_SHARE",
    "SMOKER_LEVELS",
    "Categories",
    "ColumnKind",
    "Criterion",
    "Genotypes",
    "Lognormal",
    "ParameterDraw",
    "PatientHistory",
    "People",
    "Poisson",
    "Population",
    "PopulationSpec",
    "categorical",
    "cockcroft_gault",
    "column_kinds",
    "comt_effects",
    "covariate_factors",
    "draw_candidates",
    "exponentials",
    "genotype_effects",
    "keys",
    "load_genotypes",
    "load_people",
    "load_people_file",
    "lognormals",
    "maoa_effect",
    "normal_quantile",
    "normals",
    "philox4x32",
    "rake",
    "sample_covariates",
    "sample_creatinine",
    "sample_genotypes",
    "sample_history",
    "sample_lags",
    "sample_parameters",
    "sample_people",
    "sample_population",
    "screening_problem",
    "shift_values",
    "slc6a4_effect",
    "uniforms",
]
