import base64
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.components.theme import DARK
from dashboard.components.waveform import POINTS, Row, packed, shown_span, span_of, waveform_figure, zoomed


@pytest.fixture(scope="module")
def spiky():
    samples = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    samples[765_432] = 50
    return Row(samples, 20_000.0)


def test_a_long_channel_is_drawn_in_few_points_and_what_sticks_out_stays(spiky):
    figure = waveform_figure(spiky, DARK, name="x", unit="m/s2")

    (line,) = figure.data
    assert len(line.x) == len(line.y) == POINTS
    assert line.x[line.y.argmax()] == 765_432 / 20_000
    assert figure.layout.yaxis.title.text == "x (m/s²)"
    assert figure.layout.xaxis.title.text == "Time (s)"


def test_without_a_rate_it_is_drawn_over_samples(spiky):
    figure = waveform_figure(Row(spiky.samples, None), DARK, name="x", unit=None)

    assert figure.layout.xaxis.title.text == "Sample"
    assert figure.data[0].x[-1] == 999_999
    assert "unit unknown" in figure.layout.yaxis.title.text


def test_a_narrow_span_shows_every_sample_and_one_beyond_either_edge(spiky):
    times, values = span_of(spiky, 38.2701, 38.2721)

    assert times == pytest.approx(np.arange(765_402, 765_443) / 20_000)
    assert values.max() == 50


@given(st.floats(0, 49.9), st.floats(0.0001, 50))
@settings(max_examples=40, deadline=None)
def test_any_span_stays_inside_the_recording_and_within_its_points(start, width):
    row = Row(np.arange(100_000, dtype=np.float32), 2_000.0)
    span = shown_span({"xaxis.range[0]": start, "xaxis.range[1]": start + width}, row.end)

    if span is not None:
        times, values = span_of(row, *span)
        assert 2 <= len(times) <= POINTS
        assert times[0] <= span[0] + 1e-9
        assert times[-1] >= span[1] - 1e-9
        assert values == pytest.approx(times * 2_000, abs=1e-2)


@pytest.mark.parametrize(
    ("relayout", "span"),
    [
        ({"xaxis.range[0]": 1, "xaxis.range[1]": 2.5}, (1.0, 2.5)),
        ({"xaxis2.range": [1, 2]}, (1.0, 2.0)),
        ({"xaxis.autorange": True}, (0.0, 10.0)),
        ({"xaxis.range[0]": -5, "xaxis.range[1]": 99}, (0.0, 10.0)),
        ({"xaxis.range[0]": "1", "xaxis.range[1]": "2"}, (1.0, 2.0)),
        ({"autosize": True}, None),
        ({"dragmode": "pan"}, None),
        ({"yaxis.range[0]": 1, "yaxis.range[1]": 2}, None),
        ({"xaxis.range[0]": 2, "xaxis.range[1]": 1}, None),
        ({"xaxis.range[0]": 1}, None),
        ({"xaxis.range[0]": math.nan, "xaxis.range[1]": 2}, None),
        ({"xaxis.range[0]": 1, "xaxis.range[1]": math.inf}, None),
        ({"xaxis.range[0]": {}, "xaxis.range[1]": "two"}, None),
        ({"xaxis.range": [1, 2, 3]}, None),
        ({"xaxis.range": "12"}, None),
        ({"xaxis.range[0]": 20, "xaxis.range[1]": 30}, None),
    ],
)
def test_only_a_span_of_the_recording_is_believed(relayout, span):
    assert shown_span(relayout, end=10.0) == span


def test_a_zoom_sends_arrays_that_the_browser_unpacks(spiky):
    patch = zoomed(spiky, 10.0, 20.0).to_plotly_json()

    sent = {change["location"][-1]: change["params"]["value"] for change in patch["operations"]}
    times = np.frombuffer(base64.b64decode(sent["x"]["bdata"]), sent["x"]["dtype"])
    assert len(times) == POINTS
    assert (times[0], times[-1]) == pytest.approx((10.0, 20.0), abs=1e-3)
    assert sent["y"]["dtype"] == "f4"


def test_gaps_are_drawn_as_gaps():
    samples = np.ones(100, np.float32)
    samples[50] = np.nan

    assert np.isnan(waveform_figure(Row(samples, 1.0), DARK, name="x", unit=None).data[0].y[50])


def test_packing_keeps_values_whatever_the_order_of_their_bytes():
    assert packed(np.array([1.5, -2.0], ">f4")) == packed(np.array([1.5, -2.0], "<f4"))


def test_a_channels_name_is_text_and_never_markup():
    named = waveform_figure(
        Row(np.ones(9, np.float32), 1.0), DARK, name='<a href="https://example.org">acc</a>', unit="g"
    )

    assert named.layout.yaxis.title.text == "&lt;a href=&quot;https://example.org&quot;&gt;acc&lt;/a&gt; (g)"
