"""Batch systems: a profile file becomes jobs, jobs become Dask workers or shares of a run.

``profile`` says what a cluster is like, ``systems`` how each batch system is spoken to,
``scripts`` what a job does. ``keeper`` keeps the wanted number of worker jobs alive,
``workplaces`` gives the driver a client, ``share`` computes a part of a run without Dask,
``submission`` puts a whole run into the batch system and follows it. May import `pipelines`,
dask and distributed; scheduling, data movement and retries stay Dask's.
"""
