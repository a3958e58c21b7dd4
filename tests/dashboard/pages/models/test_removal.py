from dataclasses import replace

from dashboard.pages.models import ids
from dashboard.pages.models.removal import confirmation


def test_the_question_names_what_goes_and_offers_to_keep_it(line, text_of, all_of):
    asked = confirmation(line[2], line, comes_back=False)

    assert "Remove wdcnn/int8-static? Its weight file (1.00 MB), its card and its proof go for good." in text_of(asked)
    assert {ids.KEEP, ids.REMOVE_FOR_GOOD} <= {getattr(one, "id", None) for one in all_of(asked)}


def test_it_says_how_many_lose_what_they_were_made_from(line, text_of):
    assert "1 variant made from it stays and can no longer be compared" in text_of(
        confirmation(line[1], line, comes_back=False)
    )
    assert "made from it" not in text_of(confirmation(line[2], line, comes_back=False))


def test_what_comes_with_vibench_comes_back(line, text_of):
    assert "puts it back when it starts" in text_of(confirmation(line[1], line, comes_back=True))


def test_what_was_made_can_be_made_again_with_its_command(line, text_of):
    int8 = line[2]
    own = replace(int8, calibration={"source": "recordings", "windows": 64, "recordings": [{}]})

    told = text_of(confirmation(int8, line, comes_back=False))
    assert "It can be made again with vibench optimize wdcnn/onnx --pass quantize_static ." in told
    told = text_of(confirmation(own, [*line[:2], own], comes_back=False))
    assert "--calibration DIR , DIR being a folder of the recordings that it was calibrated on." in told


def test_nothing_is_promised_that_can_not_be_made_again(line, text_of):
    for variant, kept in ((line[0], line), (line[2], line[2:])):
        told = text_of(confirmation(variant, kept, comes_back=False))
        assert "can't be made again from what is kept here" in told
