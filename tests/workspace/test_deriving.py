import multiprocessing
import os
import signal
import time
from dataclasses import replace
from threading import Thread

import pytest

from engine import __version__
from engine.errors import BackendMissingError, DamagedModelError
from workspace.deriving import DERIVED, OF_ONNX, Order, derive, order_for


@pytest.fixture
def source(make_variant):
    return make_variant("wdcnn/pytorch")


@pytest.fixture
def kept(source, make_variant):
    """All that is made of the source, as it is here and now."""
    onnx = replace(make_variant("wdcnn/onnx", "onnx"), parent=source.digest, producer={"vibench": __version__})
    made = [onnx]
    for name, backend in (("fp16", "fp16"), ("int8-dynamic", "int8")):
        made.append(replace(make_variant(f"wdcnn/{name}", backend), parent=onnx.digest, producer=onnx.producer))
    return {variant.full_name: variant for variant in made}


def test_nothing_is_to_be_made_where_all_is_there(source, kept):
    assert order_for(source, kept, ()) is None
    assert order_for(kept["wdcnn/onnx"], {}, ()) is None  # it comes in a form of which nothing is made


def test_what_is_missing_is_made_of_the_onnx_form_that_is_there(source, kept):
    onnx = kept["wdcnn/onnx"]
    del kept["wdcnn/fp16"]

    assert order_for(source, kept, ()) == Order(source, onnx, ("convert_fp16",))
    assert order_for(source, {"wdcnn/onnx": onnx}, ()) == Order(source, onnx, OF_ONNX)
    assert order_for(source, {}, ()) == Order(source, None, DERIVED)


@pytest.mark.parametrize(
    "change",
    [
        {"parent": "0" * 64},
        {"producer": {}},
        {"producer": {"vibench": "0.0.1"}},
        {"producer": {"vibench": __version__, "numpy": "0.1"}},
        {"producer": {"vibench": __version__, "gone": "1.0"}},
    ],
)
def test_what_was_made_of_other_weights_or_by_other_versions_is_made_anew(source, kept, change):
    older = kept | {"wdcnn/fp16": replace(kept["wdcnn/fp16"], **change)}
    assert order_for(source, older, ()) == Order(source, kept["wdcnn/onnx"], ("convert_fp16",))

    older = kept | {"wdcnn/onnx": replace(kept["wdcnn/onnx"], **change)}
    assert order_for(source, older, ()) == Order(source, None, DERIVED)


def test_a_newer_card_makes_everything_anew(source, kept):
    newer = replace(source, card=replace(source.card, temperature=2.0))

    assert order_for(newer, kept, ()) == Order(newer, None, DERIVED)


def test_a_proof_of_another_machine_counts_for_nothing_here(source, kept, make_variant):
    foreign = {"runtime": {"instruction_sets": "asimddp", "onnxruntime": "1.0"}}
    brought = replace(make_variant("wdcnn/int8-static", "int8"), verification=foreign)
    older = kept | {"wdcnn/fp16": replace(kept["wdcnn/fp16"], verification=foreign)}

    assert order_for(source, kept, [brought]) == Order(source, kept["wdcnn/onnx"], (), (brought,))
    assert order_for(source, older, ()) == Order(source, kept["wdcnn/onnx"], ("convert_fp16",))


def test_without_its_onnx_form_nothing_else_is_made_of_a_network(untrained_variants, tmp_path):
    altered = replace(untrained_variants[0], digest="0" * 64)

    (derived,) = derive([Order(altered, None, DERIVED)], tmp_path)

    assert (derived.made_by, derived.full_name) == ("export_onnx", "wdcnn/onnx")
    assert isinstance(derived.result, DamagedModelError)


def test_the_death_of_a_process_is_told(untrained_variants, tmp_path):
    results = derive([Order(untrained_variants[0], None, DERIVED)], tmp_path)

    def kill_children():
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        for child in children:
            os.kill(child.pid, signal.SIGKILL)

    Thread(target=kill_children).start()
    (derived,) = results

    assert isinstance(derived.result, BackendMissingError)
    assert "ended with status -9; free some memory" in str(derived.result)
    assert multiprocessing.active_children() == []
