"""Every id of the page."""

from engine.description import Description

UPLOADER = "recordings-uploader"
NEWS = "recordings-news"

SEARCH = "recordings-search"
LABEL_FILTER = "recordings-label"
LISTING = "recordings-listing"  #: the table, below its search

DETAIL = "recording-detail"
CHOSEN = "recording-chosen"  #: store: id of the recording that the card shows
FORM = "recording-form"
PROPOSAL = "recording-proposal"
USE_PROPOSAL = "recording-use-proposal"
KNOW_BETTER = "recording-know-better"
EDIT = "recording-edit"
CANCEL = "recording-cancel"
MORE = "recording-more"
SEPARATOR = "recording-separator"
DECIMAL = "recording-decimal"
HEADER_LINES = "recording-header-lines"
TIME_COLUMN = "recording-time-column"
READ_AGAIN = "recording-read-again"
FOLLOWS = "recording-follows"
SAVE = "recording-save"
SAVE_AND_DIAGNOSE = "recording-save-and-diagnose"
MESSAGE = "recording-message"
DELETE = "recording-delete"
DELETE_FOR_GOOD = "recording-delete-for-good"
KEEP = "recording-keep"
CONFIRMATION = "recording-confirmation"

WAVEFORM_PLACE = "recording-waveform-place"
WAVEFORM = "recording-waveform"
SPECTRA = "recording-spectra"
ENVELOPE = "recording-envelope"
SPECTRUM = "recording-spectrum"

#: In a menu, where an empty text can't be chosen: nothing is said, and nothing is left out.
NOT_SAID = "-"
ALL = "-"

#: What a user may say, in the order of the form; the names are those of a `Description`.
FIELDS = ("sampling_rate_hz", "channel", "shaft_rpm", "bearing", "unit", "label", "rig", "specimen")


def answer_of(field: str) -> str:
    """Return the id of the control that asks for a field of a `Description`."""
    assert field in Description.__dataclass_fields__
    return f"answer-{field.replace('_', '-')}"


#: Where the form begins.
FIRST = answer_of(FIELDS[0])
