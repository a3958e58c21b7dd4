from dashboard.components.theme import DARK, LIGHT
from dashboard.pages.models.figures import sizes_figure, sizes_height


def test_bars_stand_in_the_order_given_with_their_sizes(line):
    (bars,) = sizes_figure(line, line[2], LIGHT).data

    assert list(bars.customdata) == ["pytorch", "onnx", "int8-static"]
    assert list(bars.x) == [2, 4, 1]
    assert list(bars.text) == ["2.00", "4.00", "1.00"]


def test_only_the_chosen_one_has_the_accent(line):
    for theme in (LIGHT, DARK):
        (bars,) = sizes_figure(line, line[2], theme).data

        assert list(bars.marker.color) == [theme.normal, theme.normal, theme.accent]
        assert list(bars.textfont.color) == [theme.text, theme.text, theme.accent]


def test_a_name_is_no_markup(make_variant):
    odd = make_variant("<a>x")
    figure = sizes_figure([odd], odd, LIGHT)

    assert figure.data[0].customdata[0] == "&lt;a&gt;x"
    assert figure.layout.yaxis.ticktext == ("&lt;a&gt;x",)


def test_a_long_name_leaves_the_bars_their_room(make_variant):
    long = make_variant("a-variant-of-a-rather-long-name")
    figure = sizes_figure([long], long, LIGHT)

    assert figure.layout.yaxis.ticktext == ("a-variant-of-a-rather-l…",)
    assert figure.data[0].customdata[0] == "a-variant-of-a-rather-long-name"


def test_the_figure_grows_with_the_variants(line):
    assert sizes_height(line) - sizes_height(line[:1]) == 2 * (sizes_height(line[:2]) - sizes_height(line[:1]))
