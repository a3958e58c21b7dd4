import json
import multiprocessing
import pickle
import shutil
from dataclasses import replace

import onnx
import pytest
from onnx import TensorProto, helper

from engine.errors import DamagedModelError, ModelRefusedError
from engine.readers.limits import Limits
from engine.variant import sha256_of
from optimization.admission import admit
from optimization.passes.graph import CARD_KEY

BRIEF = Limits(memory_bytes=2**31, time_s=4, wall_s=30.0)


@pytest.fixture
def folder_of(tmp_path):
    """Copy a variant's folder, so that a test may spoil it."""

    def copy(variant):
        return shutil.copytree(variant.weights.parent, tmp_path / "stranger")

    return copy


@pytest.fixture
def write_onnx(tmp_path, card):
    """Write an ``.onnx`` file that carries the card and takes its windows."""

    def write(nodes, *, initializers=(), functions=(), domains=("",), name="wdcnn-mine.onnx"):
        windows = helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 1, card.window])
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(card.classes)])
        graph = helper.make_graph(list(nodes), "g", [windows], [logits], list(initializers))
        imports = [helper.make_opsetid(domain, 1 if domain else 20) for domain in domains]
        model = helper.make_model(graph, opset_imports=imports, ir_version=10, functions=list(functions))
        model.metadata_props.add(key=CARD_KEY, value=card.digest_text())
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return path

    return write


FIRST_FOUR = (
    helper.make_node("Constant", [], ["cuts"], value_ints=[0, 0, 0]),
    helper.make_node("Constant", [], ["ends"], value_ints=[99999, 1, 4]),
    helper.make_node("Slice", ["windows", "cuts", "ends"], ["four"]),
    helper.make_node("Constant", [], ["shape"], value_ints=[-1, 4]),
)


def answering(*nodes):
    return [*FIRST_FOUR, *nodes]


def test_the_folder_of_a_variant_is_admitted_as_it_is(untrained_variants):
    pytorch, exported = untrained_variants

    assert admit(pytorch.weights.parent) == pytorch
    assert admit(exported.weights) == exported
    assert admit(exported.weights.parent / "variant.json") == exported
    assert multiprocessing.active_children() == []


def test_a_lone_onnx_file_is_admitted_with_the_card_it_carries(untrained_variants, tmp_path):
    _, given = untrained_variants
    file = shutil.copy(given.weights, tmp_path / "WDCNN - my Form (2).onnx")

    admitted = admit(tmp_path / "WDCNN - my Form (2).onnx")

    assert (admitted.full_name, admitted.backend) == ("wdcnn/my-form-2", "onnx")
    assert (admitted.digest, admitted.card, str(admitted.weights)) == (given.digest, given.card, str(file))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".CKPT"])
def test_a_pickle_is_refused_before_it_is_read(tmp_path, ending):
    path = tmp_path / f"model{ending}"
    path.write_bytes(pickle.dumps({"weights": 1}))

    with pytest.raises(ModelRefusedError, match="a pickle can run anything while it is read; save its weights with"):
        admit(path)


@pytest.mark.parametrize("name", ["notes.txt", "model.safetensors", "recordings"])
def test_what_is_no_model_is_told_what_is_one(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")

    with pytest.raises(ModelRefusedError, match=r"neither the folder of a variant, with its variant\.json, nor an"):
        admit(tmp_path / name)


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(DamagedModelError, match="there is no such file or folder"):
        admit(tmp_path / "none.onnx")


def test_a_cut_file_is_damaged(untrained_variants, folder_of):
    for variant in untrained_variants:
        folder = folder_of(variant)
        weights = folder / variant.weights.name
        weights.write_bytes(weights.read_bytes()[:-1000])

        with pytest.raises(DamagedModelError, match="cannot be loaded"):
            admit(folder)

        description = json.loads((folder / "variant.json").read_text()) | {"digest": sha256_of(weights)}
        (folder / "variant.json").write_text(json.dumps(description))
        with pytest.raises(DamagedModelError, match="cannot be loaded"):
            admit(folder)
        shutil.rmtree(folder)


def test_a_description_that_can_not_be_is_refused(untrained_variants, folder_of):
    folder = folder_of(untrained_variants[1])
    described = json.loads((folder / "variant.json").read_text())
    (folder / "variant.json").write_text(json.dumps(described | {"parent": "../.."}))

    with pytest.raises(DamagedModelError, match="what its description says of parent can't be"):
        admit(folder)


def test_a_card_of_other_classes_or_windows_is_damaged(untrained_variants, folder_of):
    pytorch, exported = untrained_variants
    for variant, change in ((exported, {"window": 1024}), (pytorch, {"classes": ("normal", "inner")})):
        folder = folder_of(variant)
        replace(
            variant, weights=folder / variant.weights.name, card=replace(variant.card, **change)
        ).write_description()

        with pytest.raises(DamagedModelError):
            admit(folder)
        shutil.rmtree(folder)


def test_a_network_of_unknown_architecture_can_come_as_onnx_only(untrained_variants, folder_of):
    for variant in untrained_variants:
        folder = folder_of(variant)
        theirs = replace(variant, weights=folder / variant.weights.name, card=replace(variant.card, name="mine"))
        theirs.write_description()
        if variant.format == "onnx":
            assert admit(folder) == theirs
        else:
            with pytest.raises(ModelRefusedError, match="its network mine is none that Vibench can build"):
                admit(folder)
        shutil.rmtree(folder)


def test_an_onnx_file_without_a_card_needs_a_description(write_onnx):
    path = write_onnx(answering(helper.make_node("Reshape", ["four", "shape"], ["logits"])))
    model = onnx.load(path)
    del model.metadata_props[:]
    path.write_bytes(model.SerializeToString())

    with pytest.raises(DamagedModelError, match="it carries no card"):
        admit(path)


def test_operators_of_others_are_refused_wherever_they_hide(write_onnx):
    foreign = helper.make_node("Run", ["four"], ["ran"], domain="evil.example")
    hidden = helper.make_graph([foreign], "branch", [], [helper.make_tensor_value_info("ran", 1, None)])
    condition = helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("v", TensorProto.BOOL, [], [True]))
    choose = helper.make_node("If", ["yes"], ["ran"], then_branch=hidden, else_branch=hidden)
    last = helper.make_node("Reshape", ["ran", "shape"], ["logits"])

    for nodes in ([foreign, last], [condition, choose, last]):
        with pytest.raises(ModelRefusedError, match=r"it needs the operator evil\.example\.Run"):
            admit(write_onnx(answering(*nodes), domains=("", "evil.example")))


def test_functions_of_its_own_are_refused(write_onnx):
    own = helper.make_function(
        "com.microsoft", "Own", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], [helper.make_opsetid("", 20)]
    )
    nodes = answering(
        helper.make_node("Own", ["four"], ["own"], domain="com.microsoft"),
        helper.make_node("Reshape", ["own", "shape"], ["logits"]),
    )

    with pytest.raises(ModelRefusedError, match="it defines functions of its own"):
        admit(write_onnx(nodes, functions=[own], domains=("", "com.microsoft")))


def test_weights_in_another_file_are_refused(write_onnx, tmp_path):
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="/etc/passwd")
    nodes = answering(
        helper.make_node("Add", ["four", "w"], ["sum"]), helper.make_node("Reshape", ["sum", "shape"], ["logits"])
    )

    with pytest.raises(ModelRefusedError, match="its weights lie in another file"):
        admit(write_onnx(nodes, initializers=[weights]))


def test_answers_that_are_no_numbers_are_refused(write_onnx):
    nodes = answering(
        helper.make_node("Sub", ["four", "four"], ["zero"]),
        helper.make_node("Div", ["zero", "zero"], ["nan"]),
        helper.make_node("Reshape", ["nan", "shape"], ["logits"]),
    )

    with pytest.raises(ModelRefusedError, match="4 finite logits each"):
        admit(write_onnx(nodes))


def test_a_graph_that_is_not_valid_is_damaged(write_onnx):
    with pytest.raises(DamagedModelError, match="it is no valid ONNX"):
        admit(write_onnx([helper.make_node("Reshape", ["nowhere", "shape"], ["logits"])]))


@pytest.mark.parametrize("size", [2**40, 2**29])
def test_a_graph_that_fills_the_memory_is_refused(write_onnx, size):
    nodes = answering(
        helper.make_node("Constant", [], ["huge"], value_ints=[size]),
        helper.make_node("ConstantOfShape", ["huge"], ["ones"]),
        helper.make_node("ReduceSum", ["ones"], ["sum"]),
        helper.make_node("Add", ["four", "sum"], ["added"]),
        helper.make_node("Reshape", ["added", "shape"], ["logits"]),
    )

    with pytest.raises(ModelRefusedError):
        admit(write_onnx(nodes), BRIEF)


def test_a_graph_that_computes_for_ever_is_refused(write_onnx):
    info = [helper.make_tensor_value_info(name, kind, []) for name, kind in (("i", 7), ("go", 9), ("x", 1))]
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["still"]), helper.make_node("Add", ["x", "x"], ["more"])],
        "body",
        info,
        [helper.make_tensor_value_info("still", 9, []), helper.make_tensor_value_info("more", 1, [])],
    )
    nodes = answering(
        helper.make_node("Constant", [], ["turns"], value_int=2**60),
        helper.make_node("Constant", [], ["go0"], value=helper.make_tensor("v", TensorProto.BOOL, [], [True])),
        helper.make_node("Constant", [], ["x0"], value_float=0.0),
        helper.make_node("Loop", ["turns", "go0", "x0"], ["looped"], body=body),
        helper.make_node("Add", ["four", "looped"], ["added"]),
        helper.make_node("Reshape", ["added", "shape"], ["logits"]),
    )

    with pytest.raises(ModelRefusedError, match=r"trying it takes more than 4 s or 2\.0 GiB of memory"):
        admit(write_onnx(nodes), BRIEF)
