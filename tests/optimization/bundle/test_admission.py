from dataclasses import replace

import pytest

from engine.errors import BundleError
from engine.machine import this_machine
from optimization.bundle.admission import require_packable, warnings_of


def proven(variant, **changes):
    return replace(variant, verification={**variant.verification, **changes})


@pytest.fixture
def here(int8):
    """A machine on which the bundled proof was made."""
    flags = tuple(int8.verification["runtime"]["instruction_sets"].split())
    versions = {
        "onnxruntime": str(int8.verification["runtime"].get("version") or int8.verification["runtime"]["onnxruntime"])
    }
    return replace(this_machine(), flags=flags, versions=versions)  # fmt: skip


def test_a_network_in_pytorchs_form_is_refused_with_the_command_that_exports_it(untrained_variants):
    with pytest.raises(BundleError, match=r"export it first with `vibench optimize wdcnn/pytorch --pass export_onnx`"):
        require_packable([untrained_variants[0]])


def test_a_degraded_variant_is_refused_unless_forced(int8):
    degraded = proven(int8, verdict="degraded")

    with pytest.raises(BundleError, match=r"is degraded: .*--force"):
        require_packable([degraded])
    require_packable([degraded], force=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "../int8"}, "can't be packed under that name"),
        ({"name": "A"}, "can't be packed under that name"),
    ],
)
def test_names_that_are_no_files_are_refused(change, said, int8):
    with pytest.raises(BundleError, match=said):
        require_packable([replace(int8, **change)])


def test_several_channels_are_refused(int8):
    with pytest.raises(BundleError, match="takes 2 channels: a bundle takes one"):
        require_packable([replace(int8, card=replace(int8.card, channels=2))])


def test_variants_of_one_name_of_two_networks_and_none_are_refused(int8, untrained_variants):
    with pytest.raises(BundleError, match="same name"):
        require_packable([int8, replace(int8, digest="0" * 64)])
    with pytest.raises(BundleError, match="does not take the windows of wdcnn/int8-static"):
        require_packable([int8, untrained_variants[1]])
    with pytest.raises(BundleError, match="does not take the windows of wdcnn/int8-static"):
        require_packable([int8], untrained_variants[1])
    with pytest.raises(BundleError, match="name 1 to 32"):
        require_packable([])


def test_a_proof_that_holds_here_needs_no_warning(int8, here):
    assert warnings_of(int8, None, here) == []


def test_what_a_proof_does_not_show_is_warned_of(int8, here, untrained_variants):
    (none,) = warnings_of(replace(int8, verification={}), None, here)
    assert "has no proof" in none
    assert "`vibench verify wdcnn/int8-static --against PARENT` makes one" in none
    (undecided,) = warnings_of(proven(int8, verdict="undecided"), None, here)
    assert "is undecided" in undecided
    (forced,) = warnings_of(proven(int8, verdict="degraded"), None, here)
    assert "is degraded" in forced
    (stale,) = warnings_of(int8, None, replace(here, flags=("avx2",)))
    assert "another processor or runtime" in stale
    (other,) = warnings_of(int8, untrained_variants[1], here)
    assert "against another variant than wdcnn/onnx" in other
