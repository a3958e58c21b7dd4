"""What a graph computes of weights alone, computed once and stored."""

from typing import TYPE_CHECKING

from optimization.passes.graph import constants_of, without_dead_ends
from optimization.passes.rewriting.parity import session_of

if TYPE_CHECKING:
    import onnx


def fold_constants(model: "onnx.ModelProto") -> "onnx.ModelProto":
    """Put the results of nodes that read nothing but weights in their place; changes the graph and returns it.

    Exporters leave an LSTM's weights to be cut out of PyTorch's at each load, where quantisers do not find them.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    constants = constants_of(graph)
    known = set(constants)
    folded = []
    for node in graph.node:
        if node.op_type != "Constant" and node.input and all(name in known for name in node.input if name):
            folded.append(node)
            known.update(node.output)
    kept = [node for node in graph.node if not known.issuperset(node.output) or node.op_type == "Constant"]
    read = {name for node in kept for name in node.input} | {end.name for end in graph.output}
    results = [name for node in folded for name in node.output if name in read]
    if results:
        outputs = [helper.make_empty_tensor_value_info(name) for name in results]
        weights = [numpy_helper.from_array(numpy_helper.to_array(tensor), name) for name, tensor in constants.items()]
        alone = helper.make_graph(folded, "weights", [], outputs, weights)
        submodel = helper.make_model(alone, opset_imports=model.opset_import, ir_version=model.ir_version)
        computed = session_of(submodel.SerializeToString()).run(results, {})
        graph.ClearField("node")
        graph.node.extend(kept)
        graph.initializer.extend(map(numpy_helper.from_array, computed, results))
        without_dead_ends(model)
    return model
