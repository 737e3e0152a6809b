"""Backends: each runs the same `Program` on one kind of device, one file each."""
