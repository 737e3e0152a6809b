"""Groups of preferred terms that are looked at together: groups of this project.

They are not the standardised queries of MedDRA, which are licensed and hold hundreds of terms each:
a group lists terms of this project's own catalogue that one mechanism or one clinical question
joins. A term may be in several groups.
"""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SAFETY_GROUPS"]

SAFETY_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Gastrointestinal upset": (
            *("Nausea", "Vomiting", "Diarrhoea", "Dyspepsia", "Abdominal pain"),
            "Decreased appetite",
        ),
        "Anticholinergic effects": (
            *("Dry mouth", "Constipation", "Vision blurred", "Urinary retention"),
            *("Urinary hesitation", "Tachycardia", "Confusional state"),
        ),
        "Sedation and fatigue": ("Somnolence", "Sedation", "Fatigue", "Asthenia"),
        "Activation": (
            *("Insomnia", "Agitation", "Anxiety", "Akathisia", "Abnormal dreams"),
            *("Mania", "Euphoric mood"),
        ),
        "Extrapyramidal disorders": (
            *("Akathisia", "Dystonia", "Parkinsonism", "Extrapyramidal disorder"),
            *("Tardive dyskinesia", "Dyskinesia", "Tremor", "Gait disturbance"),
        ),
        "Sexual dysfunction (all terms)": (
            *("Libido decreased", "Anorgasmia", "Ejaculation disorder", "Erectile dysfunction"),
            "Sexual dysfunction",
        ),
        "Low blood pressure": (
            *("Orthostatic hypotension", "Hypotension", "Syncope", "Dizziness"),
            "Blood pressure orthostatic decreased",
        ),
        "High blood pressure": ("Blood pressure increased", "Hypertensive crisis"),
        "QT prolongation and syncope": ("Electrocardiogram QT prolonged", "Syncope"),
        "Weight and appetite raised": ("Weight increased", "Increased appetite"),
        "Prolactin raised": (
            *("Hyperprolactinaemia", "Blood prolactin increased", "Galactorrhoea"),
        ),
        "Suicidality and depression": ("Suicidal ideation", "Depression"),
        "Psychosis and confusion": ("Hallucination", "Confusional state"),
        "Serotonin toxicity, possible signs": (
            *("Serotonin syndrome", "Tremor", "Hyperhidrosis", "Diarrhoea", "Agitation"),
        ),
    }
)
"""Preferred terms by group.

Examples
--------
>>> "Nausea" in SAFETY_GROUPS["Gastrointestinal upset"]
True
"""
