import numpy as np
import pytest

from dashboard.pages.models import ids
from dashboard.pages.models.calibration import all_fitting, candidates, chosen_ids, recordings_choice
from engine.description import Description


@pytest.fixture
def bring(workspace, tmp_path):
    """Bring a recording of noise, of a rate and a label if they are told; returns its id."""

    def add(name, rate=None, label=None):
        path = tmp_path / f"brought-{name}.npz"
        noise = np.random.default_rng(len(name)).standard_normal(4000).astype(np.float32)
        np.savez(path, x=noise, **({} if rate is None else {"sampling_rate": float(rate)}))
        return workspace.recordings.add(path, f"{name}.npz", Description(label=label) if label else None).row.id

    return add


@pytest.fixture
def brought(bring):
    return {
        "fits": bring("fits", 12_000, "inner"),
        "fast": bring("fast-one", 48_000, "inner"),
        "healthy": bring("healthy-one-here", 12_000, "normal"),
        "nameless": bring("nameless-recording", 12_000),
        "open": bring("open"),
    }


def controls_of(all_of, shown):
    return {str(one.id): one for one in all_of(shown) if getattr(one, "id", None)}


def test_recordings_are_grouped_by_label_and_those_that_miss_something_say_what(workspace, card, brought):
    found = candidates(workspace, card)

    groups = {label: [one.name for one in members] for label, members in found.by_label().items()}
    assert groups == {
        "normal": ["healthy-one-here.npz"],
        "inner": ["fast-one.npz", "fits.npz"],
        "unknown": ["nameless-recording.npz"],
    }
    assert found.unready == (("open.npz", "its sampling rate must still be said"),)
    assert [one.name for one in found.others] == ["fast-one.npz"]


def test_at_first_every_labelled_recording_of_the_networks_rate_is_chosen(workspace, card, brought):
    assert set(all_fitting(candidates(workspace, card))) == {brought["fits"], brought["healthy"]}


@pytest.mark.parametrize("resample", [False, True])
def test_other_rates_can_be_chosen_only_when_they_may_be_resampled(workspace, card, brought, all_of, text_of, resample):
    chosen = [brought["fits"], brought["fast"]]
    shown = recordings_choice(candidates(workspace, card), card, chosen, resample=resample)
    inner = controls_of(all_of, shown)[str(ids.recordings_of("inner"))]

    disabled = {option["label"]: option["disabled"] for option in inner.options}
    assert disabled == {"fast-one.npz, 48 kHz": not resample, "fits.npz": False}
    assert set(inner.value) == ({brought["fits"], brought["fast"]} if resample else {brought["fits"]})
    assert "1 recording at 48 kHz, where WDCNN listens at 12 kHz: usable when resampled." in text_of(shown)
    assert "1 recording can't be used" in text_of(shown)


def test_a_label_is_checked_when_all_that_may_be_chosen_of_it_is(workspace, card, brought, all_of):
    found = candidates(workspace, card)

    def labels(chosen):
        controls = controls_of(all_of, recordings_choice(found, card, chosen, resample=False))
        return {label: bool(controls[str(ids.all_of(label))].value) for label in found.by_label()}

    assert labels([brought["fits"]]) == {"normal": False, "inner": True, "unknown": False}
    assert labels([]) == {"normal": False, "inner": False, "unknown": False}


def test_a_workspace_without_usable_recordings_leads_to_where_they_are_brought(workspace, card, all_of):
    shown = recordings_choice(candidates(workspace, card), card, [], resample=False)

    assert any(getattr(one, "href", None) == "/recordings" for one in all_of(shown))


def test_what_is_chosen_is_gathered_from_all_labels():
    assert chosen_ids([["a"], None, [], ["b", "c"]]) == ["a", "b", "c"]
