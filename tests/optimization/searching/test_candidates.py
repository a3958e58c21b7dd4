import json

import pytest

from optimization.searching.candidates import SAME_DB, Tried, recipe_from


def test_a_candidate_survives_json(tried):
    one = tried(recipe=({"pass": "quantize_static", "parameters": {"scheme": "S8S8"}},), windows=64, dropped="Why.")

    assert Tried.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert Tried.from_json(tried(ratio=None).to_json()).ratio is None


@pytest.mark.parametrize(("sqnr_db", "error_db"), [(30.0, -30.0), (None, -SAME_DB), (133.0, -SAME_DB)])
def test_errors_that_nobody_can_hear_are_the_same(tried, sqnr_db, error_db):
    assert tried(sqnr_db=sqnr_db).error_db == error_db


def test_the_network_itself_has_no_recipe(tried):
    assert recipe_from(tried()) is None
    made = recipe_from(tried(recipe=({"pass": "quantize_dynamic", "parameters": {"operators": "all"}},)))
    assert made.passes[0].operators == "all"
