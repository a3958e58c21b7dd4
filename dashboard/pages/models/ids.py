"""Every id of the page."""

TREE = "models-tree"
SIZES = "models-sizes"
SHOWN = "models-shown"  #: store: full name of the variant that the page shows
FOLLOWED = "models-followed"  #: store: ids of the jobs that the page shows until it is left, ended or not
JOBS = "models-jobs"

REMOVE = "models-remove"
REMOVE_FOR_GOOD = "models-remove-for-good"
KEEP = "models-keep"
CONFIRMATION = "models-confirmation"

FORM = "models-form"
PASS = "models-pass"  # noqa: S105 - a transformation
PASS_HELP = "models-pass-help"  # noqa: S105
SIZES_CARD = "models-sizes-card"
PARAMETERS = "models-parameters"
CALIBRATION = "models-calibration"
SOURCE = "models-source"
RECORDINGS = "models-recordings"
RESAMPLE = "models-resample"
RESAMPLE_PLACE = "models-resample-place"
WINDOWS = "models-windows"
WINDOWS_PLACE = "models-windows-place"
NAME = "models-name"
COMMAND = "models-command"
MESSAGE = "models-message"
START = "models-start"

PREFLIGHT = "models-preflight"
FORECAST = "models-forecast"
FORECAST_BATCH = "models-forecast-batch"
ASKED = "models-asked"  #: store: what the form asks for, as `workspace.jobs` takes it; null where that can't be
TAB = "models-tab"  #: store: names the open page among others
KERNELS = "models-kernels"  #: store: whether this machine's kernels are measured, being measured, or unknown
MEASURE_KERNELS = "models-measure-kernels"
COSTS = "models-costs"

#: Types of the ids of controls of which there are as many as a pass has parameters, or recordings have labels.
PARAMETER = "models-parameter"
RECORDINGS_OF = "models-recordings-of"
ALL_OF = "models-all-of"
COUNT_OF = "models-count-of"

#: What windows to calibrate on come from.
SIMULATED, OWN = "simulated", "recordings"
#: Key of the recordings whose condition nobody has said.
NOT_LABELLED = "unknown"


def parameter(pass_name: str, name: str) -> dict[str, str]:
    """Return the id of the control of a pass's parameter."""
    return {"type": PARAMETER, "pass": pass_name, "name": name}


def recordings_of(label: str) -> dict[str, str]:
    """Return the id of the list of the recordings with a label."""
    return {"type": RECORDINGS_OF, "label": label}


def all_of(label: str) -> dict[str, str]:
    """Return the id of the control that chooses every recording with a label."""
    return {"type": ALL_OF, "label": label}


def count_of(label: str) -> dict[str, str]:
    """Return the id of the place that says how many recordings with a label are chosen."""
    return {"type": COUNT_OF, "label": label}
