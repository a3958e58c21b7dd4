"""The card of one variant: what it is, what it takes and answers, and how its network was tested."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components as ui
from dashboard.components.aria import aria
from dashboard.components.words import LABEL_TITLES, counted, grouped, listed, rate_text
from dashboard.pages.models import ids
from dashboard.pages.models.address import View
from dashboard.pages.models.lineage import parent_of
from dashboard.pages.models.wording import calibration_sentence, decibels, percent, proof_sentence
from engine.card import ModelCard
from engine.variant import BACKEND_TITLES, Variant
from optimization.verification import Verification

NORMALISATIONS: Mapping[str, str] = {"zscore": "z-score per window"}
PROOF_TONES: Mapping[str, tuple[Any, str]] = {
    "equivalent": ("good", "check-circle-fill"),
    "degraded": ("bad", "x-circle-fill"),
    "undecided": ("warn", "question-circle"),
}


def detail(variant: Variant, variants: Sequence[Variant], view: View, proof: Verification | None) -> html.Section:
    """Build the card.

    Parameters
    ----------
    variant : Variant
        Whose card it is.
    variants : sequence of Variant
        All that are kept.
    view : View
        What links carry along.
    proof : Verification or None
        Of the variant.
    """
    card, parent = variant.card, parent_name(variant, variants)
    name = html.H2(variant.full_name, className="variant-name")
    return ui.card(
        html.Div([name, actions(variant, view)], className="variant-head"),
        html.Div([*badges(variant, variants, proof), digest_button(variant.digest)], className="variant-badges"),
        html.Div(id=ids.CONFIRMATION),
        ui.columns(takes(card), answers(card), tested(card, proof, parent)),
        html.Div(
            [
                html.P([html.Strong("Trained on "), trained_on(card)]),
                html.P([html.Strong("Architecture "), f"{card.reference}."]),
            ],
            className="note variant-foot",
        ),
        class_name="variant-card",
    )


def actions(variant: Variant, view: View) -> html.Div:
    """Build what can be done with the variant as it is."""
    here = view.showing(variant.full_name)
    return html.Div(
        [
            ui.link_button("Diagnose", here.diagnose_address(), icon_name="activity", small=True),
            ui.link_button("Benchmark", here.benchmark_address(), icon_name="speedometer2", small=True),
            ui.download_link("Download", f"/blobs/{variant.digest}"),
            ui.button("Remove", icon_name="trash", kind="danger", small=True, id=ids.REMOVE),
        ],
        className="button-row",
    )


def badges(variant: Variant, variants: Sequence[Variant], proof: Verification | None) -> list[Component]:
    """Tell in short how far the variant can be trusted."""
    parent = parent_name(variant, variants)
    shown: list[Component] = [ui.badge(BACKEND_TITLES[variant.backend])]
    if proof is not None:
        tone, icon_name = PROOF_TONES[proof.verdict]
        shown.append(ui.badge(proof_sentence(proof, parent), tone=tone, icon_name=icon_name))
    elif variant.parent is not None:
        shown.append(ui.badge("not proven", icon_name="question-circle"))
    if variant.calibration:
        shown.append(ui.badge(calibration_sentence(variant.calibration), icon_name="stack"))
    if variant.parent is not None and parent_of(variant, variants) is None:
        shown.append(ui.badge("its parent is not kept", icon_name="link-45deg", hint=f"SHA-256 {variant.parent}"))
    return shown


def digest_button(digest: str) -> html.Button:
    """Show the beginning of a digest; all of it on hover, and copied on a click (``assets/copying.js``)."""
    copied: dict[str, Any] = {"data-copy": digest, **aria(label=f"Copy the digest {digest[:8]}")}
    return html.Button(
        [html.Code(digest[:8]), ui.icon("copy")],
        type="button",
        className="copied-text",
        title=f"SHA-256 of the weight file: {digest}. Press to copy.",
        **copied,
    )


def takes(card: ModelCard) -> html.Div:
    """List what a window must be like."""
    lower, upper = card.band_hz
    facts = [
        ui.Fact("Input", f"{counted(card.channels, 'channel')}, {rate_text(card.sampling_rate_hz)}"),
        ui.Fact("Band", f"{rate_text(lower)} to {rate_text(upper)}"),
        ui.Fact("Window", f"{grouped(card.window)} samples ({card.window_s * 1e3:.0f} ms)"),
        ui.Fact("Hop", f"{grouped(card.hop)} samples"),
        ui.Fact("Normalised", NORMALISATIONS[card.normalisation]),
    ]
    return html.Div([html.H3("What it takes"), ui.fact_list(facts)])


def answers(card: ModelCard) -> html.Div:
    """List the classes in the colours that they have everywhere."""
    classes = html.Ul([html.Li(ui.class_badge(key, LABEL_TITLES.get(key, key))) for key in card.classes])
    hint = f"Below it a verdict is inconclusive. Logits are divided by {card.temperature:.3g} before the softmax."
    threshold = ui.Fact("Threshold", f"{card.threshold:.2f}, calibrated", hint=hint)
    return html.Div([html.H3("What it answers"), ui.fact_list([ui.Fact("Classes", classes), threshold])])


def tested(card: ModelCard, proof: Verification | None, parent: str) -> html.Div:
    """List what the tests counted: of the network on recordings, of the variant beside its parent."""
    facts = [*protocols(card.evaluation), *elsewhere(card.evaluation)]
    if proof is not None:
        windows = proof.windows
        how = f"Of {counted(windows.count, 'window')} of {counted(proof.recordings.count, 'recording')}."
        facts += [
            ui.Fact(f"Windows like {parent}", percent(windows.top1_agreement), hint=f"{how} The same class."),
            ui.Fact(
                "SQNR of logits",
                decibels(windows.sqnr_db),
                hint=f"{how} Power of {parent}'s over that of the difference.",
            ),
        ]
    content = ui.fact_list(facts) if facts else html.P("Nobody has said.", className="muted")
    return html.Div([html.H3("How it was tested"), content], className="tested")


def protocols(evaluation: Mapping[str, Any]) -> list[ui.Fact]:
    """Tell each protocol's count, and what a model of trivial statistics reaches on the same recordings."""
    facts = []
    for name, counts in evaluation.get("protocols", {}).items():
        apart = str(counts.get("kept_apart_by", ""))
        label = f"{name}: apart by {apart.partition(':')[0]}" if apart else f"Protocol {name}"
        linear = counts.get("linear_model_on_trivial_statistics")
        beside = f" A linear model on trivial statistics: {right_of(linear)}." if linear else ""
        note = f"linear {right_of(linear)}" if linear else ""
        facts.append(
            ui.Fact(label, right_of(counts), note, hint=f"Recordings answered right, kept apart by {apart}.{beside}")
        )
    return facts


def elsewhere(evaluation: Mapping[str, Any]) -> list[ui.Fact]:
    """Tell the count of the other tests, where the card has them."""
    titles = {"simulated": "Simulated recordings", "elsewhere": "Other machines"}
    return [
        ui.Fact(title, right_of(evaluation[name]), hint="Recordings answered right.")
        for name, title in titles.items()
        if evaluation.get(name)
    ]


def right_of(counts: Mapping[str, Any]) -> str:
    """Write how many recordings of a test were answered right."""
    return f"{counts.get('recordings_right', '?')} of {counts.get('recordings', '?')}"


def trained_on(card: ModelCard) -> str:
    """Say what the network learned from, and how it does on machines that it never saw."""
    training = card.training
    rigs = [f"{rig.name} ({rig.bearing})" for rig in card.rigs]
    parts = []
    if training.get("recordings"):
        of_rigs = f" of {listed(rigs)}" if rigs else ""
        parts.append(f"{counted(len(training['recordings']), 'recording')}{of_rigs}")
    if training.get("simulated_recordings"):
        parts.append(f"{grouped(training['simulated_recordings'])} simulated ones")
    told = listed(parts) if parts else "recordings that its card does not name"
    return f"{told}. {card.elsewhere}".strip()


def parent_name(variant: Variant, variants: Sequence[Variant]) -> str:
    """Return what a variant was made from, by its name within the network."""
    parent = parent_of(variant, variants)
    return "its parent" if parent is None else parent.name
