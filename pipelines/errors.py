"""The exceptions of this package, each named by the broken rule.

::

    Exception
    └── PipelineError                    any mistake this package reports
        ├── InputError     (ValueError)    an option or a file that cannot be used; exit code 2
        │   └── FolderError                ... a run folder that belongs to something else
        ├── LockError      (OSError)       a folder that another live run holds
        ├── ShardError     (OSError)       a shard or another file of a run that is missing,
        │                                  damaged, or cannot be written
        └── ExecutionError (RuntimeError)  units that could not be computed
            └── SetAsideError              ... because they failed at every attempt

    KeyboardInterrupt
    └── InterruptedRunError              Ctrl-C or SIGTERM; the folder can be resumed

Messages read ``<where>: <what was given, with value and unit>; <what is allowed>. <what to do>.``
Every exception survives pickling: it is built from one text.
"""

__all__ = [
    "ExecutionError",
    "FolderError",
    "InputError",
    "InterruptedRunError",
    "LockError",
    "PipelineError",
    "SetAsideError",
    "ShardError",
]


class PipelineError(Exception):
    """Root of every error that this package raises on purpose.

    Examples
    --------
    >>> issubclass(ShardError, PipelineError)
    True
    """


class InputError(PipelineError, ValueError):
    """An option, a path or a folder that cannot be used as it was given.

    Examples
    --------
    >>> print(InputError("--block-size: 0 patients; 1 or more is allowed. Leave it out."))
    --block-size: 0 patients; 1 or more is allowed. Leave it out.
    """


class FolderError(InputError):
    """A run folder was begun with something else than what was asked for now.

    Examples
    --------
    >>> issubclass(FolderError, InputError)
    True
    """


class LockError(PipelineError, OSError):
    """Another live run holds the folder.

    Examples
    --------
    >>> issubclass(LockError, OSError)
    True
    """


class ShardError(PipelineError, OSError):
    """A shard is missing, is damaged, or cannot be written.

    Examples
    --------
    >>> issubclass(ShardError, OSError)
    True
    """


class ExecutionError(PipelineError, RuntimeError):
    """Units could not be computed.

    Examples
    --------
    >>> issubclass(ExecutionError, RuntimeError)
    True
    """


class SetAsideError(ExecutionError):
    """Units failed as often as is allowed; all others are done.

    Examples
    --------
    >>> issubclass(SetAsideError, ExecutionError)
    True
    """


class InterruptedRunError(KeyboardInterrupt):
    """The run was told to stop, by Ctrl-C or SIGTERM; it is no mistake, so not a `PipelineError`.

    Examples
    --------
    >>> issubclass(InterruptedRunError, Exception)
    False
    """


class WalltimeError(InterruptedRunError):
    """The job that the run is in nears the end of its walltime.

    Examples
    --------
    >>> print(WalltimeError())
    walltime
    """

    def __init__(self, said: str = "walltime") -> None:
        super().__init__(said)
