"""The domain: what a virtual patient is, what happens to them, and what is measured.

Rooms, in the order of the walk: `trial` (protocol, regimens, visits), `population` (who),
`drugs` and `conditions` (content), `transmitters` and `physiology` (one system a file),
`model` (how systems are declared and joined), `outcomes` (scores, events, biomarkers).
`simulate` enters with a unit of work and leaves with columns; `pipelines` calls it.
Imports `kernels`, NumPy, SymPy, pydantic, pint and ruamel.yaml, nothing above.
"""
