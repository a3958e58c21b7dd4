import json

import pytest

from engine import errors


def every_kind(root=errors.VibenchError):
    for kind in root.__subclasses__():
        yield kind
        yield from every_kind(kind)


def test_every_error_has_a_code_of_its_own_in_the_tree_drawn_at_the_top():
    kinds = list(every_kind())
    codes = [kind.code for kind in kinds]

    assert len(set(codes)) == len(codes)
    for kind in kinds:
        assert kind.__name__ in errors.__doc__


def test_a_signal_error_survives_the_way_from_the_reader_child_as_json():
    sent = errors.ChannelUnknownError("105.mat", "GE", ["DE_time", "FE_time"])

    code, arguments = json.loads(json.dumps([sent.code, sent.args]))
    received = errors.rebuild(code, arguments)

    assert type(received) is errors.ChannelUnknownError
    assert str(received) == str(sent) == "105.mat has no channel GE; it holds 1 DE_time, 2 FE_time."


def test_only_known_signal_errors_are_built_again():
    with pytest.raises(KeyError):
        errors.rebuild("model-refused", ["a", "b"])


def test_the_missing_rate_names_its_option_and_shows_the_proposal():
    error = errors.SamplingRateMissingError("105.mat", "Looks like CWRU record 105.")

    assert "--sampling-rate HZ" in str(error)
    assert str(error).endswith("Looks like CWRU record 105.")
