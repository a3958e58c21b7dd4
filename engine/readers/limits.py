"""What reading one file may cost."""

import resource
from dataclasses import dataclass

#: Most that the arrays of one file may unpack to, and that a reader may hand back; an hour at 30 kHz in double
#: precision is 0.9 GB.
LARGEST_UNPACKED_BYTES = 2**30

#: For `engine.errors.FileTooLargeError`.
LARGEST_UNPACKED_TEXT = f"a reader ({LARGEST_UNPACKED_BYTES / 2**30:g} GiB)"

#: More columns than this are a table of windows or of features, not the channels of one recording.
MOST_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child that reads one file is given.

    Attributes
    ----------
    memory_bytes : int
        Address space, the interpreter's own 0.3 GB included.
    time_s : int
        Seconds of computing.
    wall_s : float
        Seconds by the clock, waiting included.
    """

    memory_bytes: int = 4 * 2**30
    time_s: int = 60
    wall_s: float = 180.0

    @property
    def memory_text(self) -> str:
        """For error messages: ``4.0 GiB of memory``."""
        return f"{self.memory_bytes / 2**30:.1f} GiB of memory"

    def impose(self) -> None:
        """Put this process under the limits; there is no way back."""
        for what, soft, hard in (
            (resource.RLIMIT_AS, self.memory_bytes, self.memory_bytes),
            (resource.RLIMIT_FSIZE, LARGEST_UNPACKED_BYTES, LARGEST_UNPACKED_BYTES),
            (resource.RLIMIT_CPU, self.time_s, self.time_s + 1),
            (resource.RLIMIT_CORE, 0, 0),
            (resource.RLIMIT_NOFILE, 32, 32),
            (resource.RLIMIT_NPROC, 0, 0),
        ):
            _, allowed = resource.getrlimit(what)  # an administrator may have set less, and nobody may ask for more
            highest = hard if allowed == resource.RLIM_INFINITY else min(hard, allowed)
            resource.setrlimit(what, (min(soft, highest), highest))
