from dashboard.components.theme import DARK, LIGHT
from dashboard.pages.models.figures import sizes_figure, sizes_height


def test_bars_stand_in_the_order_given_with_their_sizes(line):
    (bars,) = sizes_figure(line, line[2], LIGHT).data

    assert list(bars.y) == ["pytorch", "onnx", "int8-static"]
    assert list(bars.x) == [2, 4, 1]
    assert list(bars.text) == ["2.00", "4.00", "1.00"]


def test_only_the_chosen_one_has_the_accent(line):
    for theme in (LIGHT, DARK):
        (bars,) = sizes_figure(line, line[2], theme).data

        assert list(bars.marker.color) == [theme.normal, theme.normal, theme.accent]
        assert list(bars.textfont.color) == [theme.text, theme.text, theme.accent]


def test_a_name_is_no_markup(make_variant):
    odd = make_variant("<a>x")

    assert sizes_figure([odd], odd, LIGHT).data[0].y[0] == "&lt;a&gt;x"


def test_the_figure_grows_with_the_variants(line):
    assert sizes_height(line) - sizes_height(line[:1]) == 2 * (sizes_height(line[:2]) - sizes_height(line[:1]))
