"""The recordings that a network can be calibrated on, and the choice among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import LABEL_TITLES, counted, listed, missing_text, rate_text
from dashboard.pages.models import ids
from dashboard.pages.recordings.known import known_of
from engine.card import ModelCard
from engine.description import LABELS
from workspace.recording import RecordingRow
from workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that may be calibrated on.

    Attributes
    ----------
    id, name : str
        Of the recording.
    label : str
        What it is grouped by; `ids.NOT_LABELLED` where nobody has said.
    sampling_rate_hz : float
        Of its signal.
    fits : bool
        Whether that is the network's rate.
    """

    id: str
    name: str
    label: str
    sampling_rate_hz: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a workspace offers to calibrate a network on.

    Attributes
    ----------
    usable : tuple of Candidate
        Those that can be diagnosed, label by label, the newest first.
    unready : tuple of (str, str)
        Name of each of the others, and why it can't be used.
    """

    usable: tuple[Candidate, ...]
    unready: tuple[tuple[str, str], ...]

    @property
    def others(self) -> tuple[Candidate, ...]:
        """Those of other rates than the network's."""
        return tuple(one for one in self.usable if not one.fits)

    def by_label(self) -> dict[str, list[Candidate]]:
        """Return the usable ones, label by label."""
        groups: dict[str, list[Candidate]] = {}
        for one in self.usable:
            groups.setdefault(one.label, []).append(one)
        return groups


def candidates(workspace: Workspace, card: ModelCard) -> Candidates:
    """Return what the workspace offers to calibrate a network on."""
    usable, unready = [], []
    for row in workspace.recordings.list():
        problem = problem_of(row)
        rate_hz = None if problem else known_of(row).sampling_rate_hz
        if problem or rate_hz is None:
            unready.append((row.name, problem or "its rate is unknown"))
        else:
            label = row.description.label or ids.NOT_LABELLED
            usable.append(Candidate(row.id, row.name, label, rate_hz, rate_hz == card.sampling_rate_hz))
    usable.sort(key=lambda one: LABELS.index(one.label) if one.label in LABELS else len(LABELS))
    return Candidates(tuple(usable), tuple(unready))


def offered(
    workspace: Workspace, name: str, values: Sequence[list[str] | None]
) -> tuple[Candidates, ModelCard, Sequence[str]]:
    """Return what a variant can be calibrated on, its card, and the chosen ids: all that fit, until there are lists.

    Parameters
    ----------
    workspace : Workspace
        Open.
    name : str
        Full name of the variant.
    values : sequence of (list of str or None)
        What is chosen in the lists of the page, label by label; empty before they are drawn.
    """
    card = workspace.variants.find(name).card
    found = candidates(workspace, card)
    return found, card, chosen_ids(values) if values else all_fitting(found)


def problem_of(row: RecordingRow) -> str:
    """Say why a recording can't be diagnosed, so that nothing can be calibrated on it; empty if it can."""
    if row.problem:
        return row.problem
    return f"its {missing_text(row.missing)} must still be said" if row.missing else ""


def recordings_choice(found: Candidates, card: ModelCard, chosen: Sequence[str], *, resample: bool) -> list[Component]:
    """Build the choice of recordings, label by label, and say which can't be used and why."""
    if not found.usable:
        add = ui.link_button("Add recordings", "/recordings", icon_name="upload", small=True)
        sentence = "No recording here can be calibrated on: add some, or complete those that are here."
        return [ui.notice(sentence, tone="muted", action=add)]
    groups = [label_group(label, members, chosen, resample=resample) for label, members in found.by_label().items()]
    return [html.Div(groups, className="calibration-labels"), *unusable(found, card)]


def label_group(label: str, members: Sequence[Candidate], chosen: Sequence[str], *, resample: bool) -> html.Div:
    """Build the choice of one label: all of it at once, or single recordings below."""
    allowed = [one.id for one in members if one.fits or resample]
    value = [one for one in allowed if one in chosen]
    title = LABEL_TITLES.get(label, label) if label != ids.NOT_LABELLED else "not labelled"
    every = dbc.Checklist(
        id=ids.all_of(label),
        options=[{"value": label, "label": title, "disabled": not allowed}],
        value=[label] if allowed and len(value) == len(allowed) else [],
        className="checks",
    )
    single = dbc.Checklist(
        id=ids.recordings_of(label), options=options_of(members, resample=resample), value=value, className="checks"
    )
    named = aria(label=f"Recordings, {title}")
    return html.Div(
        [
            every,
            html.Details(
                [
                    html.Summary(count_text(len(value), len(members)), id=ids.count_of(label)),
                    html.Div(single, role="group", className="calibration-recordings", **named),
                ]
            ),
        ],
        className="calibration-label",
    )


def options_of(members: Sequence[Candidate], *, resample: bool) -> list[dict[str, object]]:
    """Return the recordings of a label to choose from; those of other rates say theirs."""
    return [
        {
            "value": one.id,
            "label": one.name if one.fits else f"{one.name}, {rate_text(one.sampling_rate_hz)}",
            "disabled": not (one.fits or resample),
        }
        for one in members
    ]


def count_text(chosen: int, of: int) -> str:
    """Say how many of a label's recordings are chosen."""
    return f"{chosen} of {counted(of, 'recording')}"


def unusable(found: Candidates, card: ModelCard) -> list[Component]:
    """Say which recordings can't be used as they are, and why."""
    told: list[Component] = []
    if found.unready:
        reasons = [html.Li([html.Span(name), f": {why}"]) for name, why in found.unready]
        told.append(
            html.Details(
                [html.Summary(f"{counted(len(found.unready), 'recording')} can't be used"), html.Ul(reasons)],
                className="note",
            )
        )
    if found.others:
        rates = sorted({one.sampling_rate_hz for one in found.others})
        told.append(
            html.P(
                f"{counted(len(found.others), 'recording')} at {listed([rate_text(rate) for rate in rates])}, "
                f"where {card.title} listens at {rate_text(card.sampling_rate_hz)}: usable when resampled.",
                className="note",
            )
        )
    return told


def chosen_ids(values: Sequence[Sequence[str] | None]) -> list[str]:
    """Return the ids that are chosen in the lists of all labels."""
    return [one for value in values for one in value or ()]


def all_fitting(found: Candidates) -> list[str]:
    """Return what is chosen at first: every recording at the network's own rate whose condition is known."""
    return [one.id for one in found.usable if one.fits and one.label != ids.NOT_LABELLED]
