"""Every error that Vibench expects, each a sentence that says what is wrong and what to do.

VibenchError
├── SignalError                     a recording, or what was said about it
│   ├── FileAccessError             file-access
│   ├── UnknownFormatError          unknown-format
│   ├── DamagedFileError            damaged-file
│   ├── FileTooLargeError           file-too-large
│   ├── ReaderLimitError            reader-limit
│   ├── ReaderCrashedError          reader-crashed
│   ├── SamplingRateMissingError    sampling-rate-missing
│   ├── SamplingRateInvalidError    sampling-rate-invalid
│   ├── ShaftSpeedInvalidError      shaft-speed-invalid
│   ├── ChannelNotChosenError       channel-not-chosen
│   ├── ChannelUnknownError         channel-unknown
│   ├── NotVibrationError           not-vibration
│   ├── NotFiniteError              not-finite
│   ├── EmptySignalError            empty-signal
│   ├── ConstantSignalError         constant-signal
│   ├── LevelImpossibleError        level-impossible
│   ├── TooShortError               too-short
│   ├── BandOutsideSpectrumError    band-outside-spectrum
│   ├── ResamplingError             resampling-impossible
│   ├── BearingUnknownError         bearing-unknown
│   ├── DescriptionError            description-invalid
│   └── SimulationError             simulation-invalid
├── ModelError                      a network, a variant, a card
│   ├── ModelNotFoundError          model-not-found
│   ├── BackendMissingError         backend-missing
│   ├── DamagedModelError           damaged-model
│   ├── ModelRefusedError           model-refused
│   └── GoldenMismatchError         golden-mismatch
├── RecipeError                     recipe-invalid
│   ├── PassNotApplicableError      pass-not-applicable
│   └── CalibrationError            calibration-impossible
├── NoEffect                        no-effect
├── BenchmarkError                  benchmark-impossible
├── BundleError                     bundle-impossible
├── SearchError                     search-impossible
├── JobError                        job-error
│   ├── JobNotFoundError            job-not-found
│   ├── JobStateError               job-state
│   ├── JobLimitError               job-limit
│   └── JobCrashedError             job-crashed
├── UsageError                      usage
└── SettingsError                   settings-invalid
    └── WorkspaceError              workspace-unusable
        ├── StorageLimitError       storage-limit
        └── RecordingNotFoundError  recording-not-found

The arguments of every ``SignalError`` are text, numbers or lists of text, so that the child which reads a
file can report one as JSON and the parent can build it again (`rebuild`).
"""

from collections.abc import Sequence
from typing import ClassVar


class VibenchError(Exception):
    """The root: ``code`` names the kind of error for programs, ``str(error)`` tells it to people."""

    code: ClassVar[str] = "error"


class SignalError(VibenchError):
    """A recording that can't be used, or what was said about it can't be true."""

    code = "signal-error"


class FileAccessError(SignalError):
    """The file is not there, is no file, or may not be opened."""

    code = "file-access"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} can't be opened: {self.reason}. Check its path and permissions."


class UnknownFormatError(SignalError):
    """No reader claims the file."""

    code = "unknown-format"

    def __init__(self, name: str, readable: Sequence[str]) -> None:
        super().__init__(name, list(readable))
        self.name, self.readable = name, readable

    def __str__(self) -> str:
        return f"{self.name} is in no format known here. Export it as one of: {', '.join(self.readable)}."


class DamagedFileError(SignalError):
    """The file ends early, contradicts itself or holds no numbers."""

    code = "damaged-file"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} cannot be read: {self.reason}. Export it again from the analyser."


class FileTooLargeError(SignalError):
    """The file, or what it unpacks to, is above the limit."""

    code = "file-too-large"

    def __init__(self, name: str, limit: str) -> None:
        super().__init__(name, limit)
        self.name, self.limit = name, limit

    def __str__(self) -> str:
        return f"{self.name} holds more than {self.limit} can take. Cut it into shorter recordings."


class ReaderLimitError(SignalError):
    """Reading took more memory or time than a reader is given."""

    code = "reader-limit"

    def __init__(self, name: str, limit: str) -> None:
        super().__init__(name, limit)
        self.name, self.limit = name, limit

    def __str__(self) -> str:
        return (
            f"Reading {self.name} was stopped at the limit of {self.limit}. "
            "Cut it into shorter recordings, or raise the limit if you trust the file."
        )


class ReaderCrashedError(SignalError):
    """The child process that read the file died."""

    code = "reader-crashed"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} crashed its reader ({self.reason}), so it is damaged. Export it again from the analyser."


class SamplingRateMissingError(SignalError):
    """Neither the file nor anybody else says how fast it was sampled."""

    code = "sampling-rate-missing"

    def __init__(self, name: str, proposal: str = "") -> None:
        super().__init__(name, proposal)
        self.name, self.proposal = name, proposal

    def __str__(self) -> str:
        hint = f" {self.proposal}" if self.proposal else ""
        remedy = "give --sampling-rate HZ, or say it in a recordings.csv beside it"
        return f"{self.name} does not say its sampling rate: {remedy}.{hint}"


class SamplingRateInvalidError(SignalError):
    """A sampling rate that no recording can have."""

    code = "sampling-rate-invalid"

    def __init__(self, rate: str) -> None:
        super().__init__(rate)
        self.rate = rate

    def __str__(self) -> str:
        return f"A sampling rate of {self.rate} is impossible; it must lie above 0 and at most 10 MHz."


class ShaftSpeedInvalidError(SignalError):
    """A shaft speed that no machine turns at."""

    code = "shaft-speed-invalid"

    def __init__(self, speed: str) -> None:
        super().__init__(speed)
        self.speed = speed

    def __str__(self) -> str:
        return (
            f"A shaft speed of {self.speed} is impossible; it must lie from 0 to 1,000,000 rpm. "
            "Leave it out if it is unknown."
        )


class ChannelNotChosenError(SignalError):
    """Several vibration channels and none chosen."""

    code = "channel-not-chosen"

    def __init__(self, name: str, channels: Sequence[str]) -> None:
        super().__init__(name, list(channels))
        self.name, self.channels = name, channels

    def __str__(self) -> str:
        return (
            f"{self.name} holds {len(self.channels)} channels: choose one with --channel ({numbered(self.channels)})."
        )


class ChannelUnknownError(SignalError):
    """The chosen channel is not in the file."""

    code = "channel-unknown"

    def __init__(self, name: str, chosen: str, channels: Sequence[str]) -> None:
        super().__init__(name, chosen, list(channels))
        self.name, self.chosen, self.channels = name, chosen, channels

    def __str__(self) -> str:
        return f"{self.name} has no channel {self.chosen}; it holds {numbered(self.channels)}."


class NotVibrationError(SignalError):
    """The chosen channel is a temperature or a tacho."""

    code = "not-vibration"

    def __init__(self, name: str, channel: str, kind: str) -> None:
        super().__init__(name, channel, kind)
        self.name, self.channel, self.kind = name, channel, kind

    def __str__(self) -> str:
        return f"{self.name}: channel {self.channel} holds {self.kind}, not vibration; choose another with --channel."


class NotFiniteError(SignalError):
    """The samples hold NaN or infinity."""

    code = "not-finite"

    def __init__(self, channel: str, sample: int) -> None:
        super().__init__(channel, sample)
        self.channel, self.sample = channel, sample

    def __str__(self) -> str:
        return (
            f"Channel {self.channel} holds NaN or infinity, first at sample {self.sample}. "
            "Cut the recording before it or fill the gap."
        )


class EmptySignalError(SignalError):
    """No samples, or a single one."""

    code = "empty-signal"

    def __init__(self, channel: str, samples: int) -> None:
        super().__init__(channel, samples)
        self.channel, self.samples = channel, samples

    def __str__(self) -> str:
        held = "no samples" if self.samples == 0 else "a single sample"
        return f"Channel {self.channel} holds {held}; record the machine again."


class ConstantSignalError(SignalError):
    """Every sample has the same value."""

    code = "constant-signal"

    def __init__(self, channel: str) -> None:
        super().__init__(channel)
        self.channel = channel

    def __str__(self) -> str:
        return f"Channel {self.channel} never changes; check the sensor and its cable."


class LevelImpossibleError(SignalError):
    """Samples that no sensor gives: a scale factor went wrong."""

    code = "level-impossible"

    def __init__(self, channel: str, level: float) -> None:
        super().__init__(channel, level)
        self.channel, self.level = channel, level

    def __str__(self) -> str:
        return f"Channel {self.channel} reaches {self.level:.3g}, which no sensor gives; check its scale factor."


class TooShortError(SignalError):
    """Shorter than one window of the network."""

    code = "too-short"

    def __init__(self, name: str, duration_s: float, needed_s: float) -> None:
        super().__init__(name, duration_s, needed_s)
        self.name, self.duration_s, self.needed_s = name, duration_s, needed_s

    def __str__(self) -> str:
        return (
            f"{self.name} lasts {self.duration_s:.3g} s, one window of the network {self.needed_s:.3g} s. "
            "Record longer, or choose a network with shorter windows."
        )


class BandOutsideSpectrumError(SignalError):
    """A frequency band that the sampling rate does not cover."""

    code = "band-outside-spectrum"

    def __init__(self, lower_hz: float, upper_hz: float, nyquist_hz: float) -> None:
        super().__init__(lower_hz, upper_hz, nyquist_hz)
        self.lower_hz, self.upper_hz, self.nyquist_hz = lower_hz, upper_hz, nyquist_hz

    def __str__(self) -> str:
        return (
            f"The band {self.lower_hz:g} to {self.upper_hz:g} Hz does not lie between 0 and "
            f"half the sampling rate ({self.nyquist_hz:g} Hz); choose a narrower one."
        )


class ResamplingError(SignalError):
    """A change of rate that would invent most of its result, or exceed what can be held."""

    code = "resampling-impossible"

    def __init__(self, from_hz: float, to_hz: float, samples: int) -> None:
        super().__init__(from_hz, to_hz, samples)
        self.from_hz, self.to_hz, self.samples = from_hz, to_hz, samples

    def __str__(self) -> str:
        return (
            f"{self.samples:,} samples at {self.from_hz:g} Hz can't be brought to {self.to_hz:g} Hz: too far, or too "
            "many. Check the sampling rate, or cut the recording."
        )


class BearingUnknownError(SignalError):
    """A bearing type whose geometry is not in the table."""

    code = "bearing-unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, list(known))
        self.name, self.known = name, known

    def __str__(self) -> str:
        return f"The geometry of bearing {self.name} is not known here; known are {', '.join(self.known)}."


class DescriptionError(SignalError):
    """A sidecar or recordings.csv that can't be understood."""

    code = "description-invalid"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}."


class SimulationError(SignalError):
    """A simulation that was asked for something impossible."""

    code = "simulation-invalid"

    def __init__(self, parameter: str, value: str, allowed: str) -> None:
        super().__init__(parameter, value, allowed)
        self.parameter, self.value, self.allowed = parameter, value, allowed

    def __str__(self) -> str:
        return f"{self.parameter} = {self.value} can't be simulated: {self.allowed}."


class ModelError(VibenchError):
    """A network, a variant or a card that can't be used."""

    code = "model-error"


class ModelNotFoundError(ModelError):
    """No network or variant of that name."""

    code = "model-not-found"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, list(known))
        self.name, self.known = name, known

    def __str__(self) -> str:
        return f"There is no network or variant {self.name}; there are {', '.join(self.known) or 'none'}."


class BackendMissingError(ModelError):
    """The network has no variant for the backend."""

    code = "backend-missing"

    def __init__(self, network: str, backend: str, remedy: str) -> None:
        super().__init__(network, backend, remedy)
        self.network, self.backend, self.remedy = network, backend, remedy

    def __str__(self) -> str:
        return f"{self.network} has no {self.backend} variant yet: {self.remedy}."


class DamagedModelError(ModelError):
    """A weight file or a variant.json that is cut, altered or contradicts itself."""

    code = "damaged-model"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} cannot be loaded: {self.reason}. Take it from its source again."


class ModelRefusedError(ModelError):
    """A model that is whole, yet not admitted under the rules."""

    code = "model-refused"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} is not admitted: {self.reason}."


class GoldenMismatchError(ModelError):
    """A variant made here does not answer as it did where its network was trained."""

    code = "golden-mismatch"

    def __init__(self, name: str, largest: float, allowed: float) -> None:
        super().__init__(name, largest, allowed)
        self.name, self.largest, self.allowed = name, largest, allowed

    def __str__(self) -> str:
        return (
            f"{self.name} answers the golden windows {self.largest:.2g} away from its record "
            f"({self.allowed:.2g} allowed), so it is not kept. Run `vibench doctor` and report both."
        )


class RecipeError(VibenchError):
    """A pass or a recipe that asks for something impossible."""

    code = "recipe-invalid"

    def __init__(self, parameter: str, value: object, allowed: str) -> None:
        super().__init__(parameter, value, allowed)
        self.parameter, self.value, self.allowed = parameter, value, allowed

    def __str__(self) -> str:
        return f"{self.parameter} can't be {self.value}: {self.allowed}."


class PassNotApplicableError(RecipeError):
    """A pass that can't work on the variant it was given."""

    code = "pass-not-applicable"

    def __init__(self, name: str, variant: str, reason: str) -> None:
        VibenchError.__init__(self, name, variant, reason)
        self.name, self.variant, self.reason = name, variant, reason

    def __str__(self) -> str:
        return f"{self.name} can't be run on {self.variant}: {self.reason}."


class CalibrationError(RecipeError):
    """Recordings that ranges can't be read from, or that a proof can't rest on."""

    code = "calibration-impossible"

    def __init__(self, reason: str, remedy: str) -> None:
        VibenchError.__init__(self, reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}."


class NoEffect(VibenchError):  # noqa: N818 - it says what happened
    """A pass that left weights and graph as they were."""

    code = "no-effect"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} changes nothing: {self.reason}. Leave it out."


class BenchmarkError(VibenchError):
    """A measurement that can't be made."""

    code = "benchmark-impossible"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}."


class BundleError(VibenchError):
    """A bundle that can't be made, or what came back from a target and can't be taken."""

    code = "bundle-impossible"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}."


class SearchError(VibenchError):
    """A search that can't be made, or that can't go on from where another one stopped."""

    code = "search-impossible"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}."


class JobError(VibenchError):
    """A job that can't be started, found or brought to its end."""

    code = "job-error"


class JobNotFoundError(JobError):
    """No job of that id."""

    code = "job-not-found"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"There is no job {self.job_id}; `vibench jobs` lists them."


class JobStateError(JobError):
    """Something was asked of a job that its state does not allow."""

    code = "job-state"

    def __init__(self, job_id: str, state: str, asked: str) -> None:
        super().__init__(job_id, state, asked)
        self.job_id, self.state, self.asked = job_id, state, asked

    def __str__(self) -> str:
        return f"Job {self.job_id} has {self.state} already and can't be {self.asked}."


class JobLimitError(JobError):
    """More than a setting allows."""

    code = "job-limit"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}."


class JobCrashedError(JobError):
    """The child process of a job died, at every attempt."""

    code = "job-crashed"

    def __init__(self, attempts: int, reason: str) -> None:
        super().__init__(attempts, reason)
        self.attempts, self.reason = attempts, reason

    def __str__(self) -> str:
        return f"Its process died at each of {self.attempts} attempts ({self.reason}): free some memory and retry."


class UsageError(VibenchError):
    """A command called in a way that it does not understand."""

    code = "usage"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        return f"{self.message}; see `{self.remedy}`."


class SettingsError(VibenchError):
    """A setting that can't be, or that would be unsafe."""

    code = "settings-invalid"


class WorkspaceError(SettingsError):
    """The workspace folder or its database can't be used."""

    code = "workspace-unusable"


class StorageLimitError(WorkspaceError):
    """What is to be kept does not fit under the limit of the workspace."""

    code = "storage-limit"

    def __init__(self, name: str, size_bytes: int, free_bytes: int) -> None:
        super().__init__(name, size_bytes, free_bytes)
        self.name, self.size_bytes, self.free_bytes = name, size_bytes, free_bytes

    def __str__(self) -> str:
        return (
            f"{self.name} takes {self.size_bytes / 1e6:.1f} MB, and {self.free_bytes / 1e6:.1f} MB are left under the "
            "storage limit: delete recordings that you no longer need, or raise VIBENCH_STORAGE_LIMIT_BYTES."
        )


class RecordingNotFoundError(WorkspaceError):
    """The workspace holds no recording of that id."""

    code = "recording-not-found"

    def __init__(self, recording_id: str) -> None:
        super().__init__(recording_id)
        self.recording_id = recording_id

    def __str__(self) -> str:
        return f"There is no recording {self.recording_id}: it was deleted, or the address was copied incompletely."


def numbered(channels: Sequence[str]) -> str:
    """List channels with their numbers from 1; one that is called by its number is listed once."""
    return ", ".join(
        channel if channel == str(number) else f"{number} {channel}" for number, channel in enumerate(channels, start=1)
    )


def rebuild(code: str, arguments: Sequence[object]) -> SignalError:
    """Build again the `SignalError` that a reader's child reported as ``code`` and JSON ``arguments``.

    Raises
    ------
    KeyError
        If no `SignalError` has that code.
    TypeError
        If the arguments don't fit it.
    """
    known = {kind.code: kind for kind in SignalError.__subclasses__()}
    return known[code](*arguments)
