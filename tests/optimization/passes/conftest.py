"""What passes are tried on: an untrained network in both forms, and windows to calibrate on."""

import pytest

from engine.errors import PassNotApplicableError
from optimization.calibration import simulated_calibration
from optimization.passes import PASSES, PassContext


@pytest.fixture(scope="session")
def calibration(card):
    return simulated_calibration(card, windows=8)


@pytest.fixture(scope="session")
def start_of(untrained_variants):
    """The variant that a pass accepts, of one network's forms."""

    def start(made_by):
        for variant in untrained_variants:
            try:
                made_by.requires(variant)
            except PassNotApplicableError:
                continue
            return variant
        raise AssertionError(f"{made_by.name} accepts neither PyTorch nor ONNX")

    return start


@pytest.fixture(scope="session")
def result_of(tmp_path_factory, start_of, calibration):
    """What a pass makes with its default parameters, made once."""
    made = {}

    def result(name):
        if name not in made:
            made_by = PASSES[name]()
            context = PassContext(tmp_path_factory.mktemp(name) / "made", calibration)
            made[name] = made_by.run(start_of(made_by), context)
        return made[name]

    return result


@pytest.fixture(scope="session")
def exported_at(tmp_path_factory, untrained_variants):
    """The network in ONNX form, of an opset, exported once."""
    made = {}

    def exported(opset):
        if opset not in made:
            context = PassContext(tmp_path_factory.mktemp(f"opset-{opset}") / "made")
            made[opset] = PASSES["export_onnx"](opset=opset).run(untrained_variants[0], context)
        return made[opset]

    return exported
