"""What `benchmarks/run.py` is made of: problems, the check of the answer, measuring, the report.

`sert29` is the problem and `reference.npz` its tight answer; `measure` is what every runner in
`benchmarks/runners` calls; `counts` and `roofline` say how much of the machine is used; `sections`
lists what is measured and `report` writes it down. Runs with NumPy alone: everything else belongs
to a runner, which is a process of its own.
"""
