"""What `benchmarks/run.py` is made of: problems, the check of the answer, measuring, the report.

`sert29` is a problem and `reference.npz` its tight answer; `chemistry` is the other problem, which
`peer_text` writes out for other packages. `measure` is what every runner in `benchmarks/runners`
calls; `roofline` says how much of the machine is used, with the operations that `kernels.cost`
counts; `sections` lists what is measured and `report` writes it down. All but `chemistry` and
`peer_text` run with NumPy alone: everything else belongs to a runner, a process of its own.
"""
