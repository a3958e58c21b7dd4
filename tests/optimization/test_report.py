import json
import re
from dataclasses import replace

import pytest

from optimization.measuring.measurement import Benchmark, LeftOut
from optimization.measuring.recommendation import sentence
from optimization.report import PLOTLY, control_told, report_html
from optimization.report_tables import percent, speed_table, use_table, verdicts_told


def beside_fp32(row, best, ratio, verdict):
    """Return a row that compares with the fastest in float32 as it is told."""
    interval = {"ratio_to_best_fp32_low": 0.9 * ratio, "ratio_to_best_fp32_high": 1.1 * ratio}
    return replace(row, best_fp32=best, ratio_to_best_fp32=ratio, verdict_to_best_fp32=verdict, **interval)


@pytest.fixture
def made(measured, row):
    return measured(row("int8-static", p50_ms=25, verdict="faster"), row("int8-static", batch=32), batches=(1, 32))


def test_the_report_says_what_the_page_says(made):
    page = report_html(made)

    for shape in ((1, 1), (32, 1)):
        assert sentence(made, *shape) in page
        assert control_told(made.control_at(*shape)) in page
    assert "4.0 times faster [3.6 to 4.4]" in page
    assert "Xeon &lt;2.5 GHz&gt;" in page
    assert "200 rounds in 5 processes" in page
    assert "Inference is 12 % of file to verdict" in page


def test_the_report_asks_nobody_for_anything(made):
    page = report_html(made).replace(PLOTLY.read_text(encoding="utf-8"), "")

    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=|url\(|https?:", page)


def test_there_is_a_figure_for_each_place_in_both_schemes(made):
    page = report_html(made)
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', page)[1])

    places = page.count('<div class="chart"')
    assert places == 6
    assert {scheme: len(drawn) for scheme, drawn in figures.items()} == {"light": places, "dark": places}


def test_what_was_left_out_and_how_far_forecasts_missed_is_told(made):
    rows = tuple(replace(row, forecast=1.1 * row.ratio) for row in made.rows)
    refused = LeftOut("resnet18-1d/int8-dynamic on OpenVINO", "It has <no> rule.")
    page = report_html(replace(made, rows=rows, left_out=(refused,)))

    assert "Forecasts of the ratio missed it by 10 % in the median." in page
    assert "Left out: resnet18-1d/int8-dynamic on OpenVINO. It has &lt;no&gt; rule." in page
    assert "Forecast <small>ratio</small>" in page


def test_the_fastest_in_float32_has_a_column_where_it_is_not_the_baseline(row):
    rows = [row("onnx", verdict="baseline"), row("int8-static", p50_ms=25, verdict="faster")]
    beside = [replace(each, best_fp32="onnx") for each in rows]
    better = [beside_fp32(each, "onnx-conv2d", 2.0, "slower") for each in rows]

    assert "fastest in float32" not in speed_table(rows, None, "resnet18-1d/onnx")
    assert "fastest in float32" not in speed_table(beside, None, "resnet18-1d/onnx")
    told = speed_table(better, None, "resnet18-1d/onnx")
    assert "Against <small>onnx-conv2d, fastest in float32</small>" in told
    assert "2.0 times slower [1.8 to 2.2]" in told


def test_a_figure_that_an_older_measurement_has_not_is_a_dash(row):
    assert use_table([row("onnx")], None).count("<td>–</td>") == 2
    assert [percent(share) for share in (None, 0.00841, 0.0999, 0.123, -0.04)] == [
        "–",
        "0.84 %",
        "10 %",
        "12 %",
        "-4.0 %",
    ]


def test_a_name_can_neither_end_the_script_nor_become_markup(made):
    name = "</script><img onerror=alert(1)>"
    rows = tuple(replace(row, variant=name, network=name) for row in made.rows)
    page = report_html(Benchmark.from_json(json.loads(json.dumps(replace(made, rows=rows).to_json()))))

    assert "<img" not in page
    assert page.count("</script>") == 3
    assert "<" not in re.search(r'id="figures">(.*?)</script>', page)[1]


def test_what_is_proven_is_told(row, proof):
    assert verdicts_told(row("a")) == "0 of 40, equivalent"
    assert verdicts_told(row("a", proof={})) == "no proof"
    assert verdicts_told(row("pytorch", proof={})) == "original"
    assert verdicts_told(row("a", proof=proof(stale=True))) == "0 of 40, equivalent elsewhere"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_without_a_network_and_draws_its_charts(made, tmp_path, browser, scheme):
    file = tmp_path / "report.html"
    file.write_text(report_html(made), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)

    page.goto(file.as_uri())
    page.wait_for_function("document.querySelectorAll('.chart .main-svg').length >= 6")

    assert asked == [file.as_uri()]
    assert wrong == []
    assert page.get_by_text("int8-static", exact=True).count() >= 6
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 27, 38)"}[scheme]
    page.close()
