import pytest

from dashboard.spreadsheet import defused


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(beginning):
    assert defused(f"{beginning}HYPERLINK(1)") == f"'{beginning}HYPERLINK(1)"


@pytest.mark.parametrize("harmless", ["105.mat", "a=b", "", -0.5, 3])
def test_other_cells_stay_as_they_are(harmless):
    assert defused(harmless) == harmless
