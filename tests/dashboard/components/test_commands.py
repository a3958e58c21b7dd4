from dash import html

from dashboard import components as ui


def text_of(shown):
    """The text as the browser has it, in which a place to break a line is nothing."""
    if isinstance(shown, str):
        return shown
    children = getattr(shown, "children", shown)
    return "".join(text_of(child) for child in children) if isinstance(children, list) else str(children or "")


def test_a_command_keeps_a_space_between_its_parts_and_breaks_after_commas():
    words = ui.command_words(["vibench optimize wdcnn/onnx", "--calibration-recordings a,b"])

    assert text_of(words) == "vibench optimize wdcnn/onnx --calibration-recordings a,b"
    assert [type(child) for child in words[-1].children] == [str, str, html.Wbr, str]


def test_a_box_has_a_button_that_copies_its_command():
    box = ui.command_box("the-command")

    assert box.children[0].id == "the-command"
    assert getattr(box.children[1], "data-copy-from") == "the-command"
