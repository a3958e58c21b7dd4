import json
import re
from dataclasses import replace

import pytest

from optimization.measurement import Benchmark
from optimization.recommendation import sentence
from optimization.report import PLOTLY, control_told, report_html, verdicts_told


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
    assert "200 rounds" in page


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
    assert verdicts_told(row("a", proof=proof(stale=True))) == "0 of 40, equivalent, of another machine or runtime"


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
