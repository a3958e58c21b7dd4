from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.pages.recordings.address import View

WORDS = st.text(max_size=20)
VIEWS = st.builds(View, recording=WORDS, search=WORDS, label=WORDS, page=st.integers(1, 999_999), model=WORDS)


@given(VIEWS)
@settings(max_examples=50)
def test_an_address_gives_back_the_view_that_made_it(view):
    assert View.of_address(view.query()) == view


def test_the_plain_page_has_a_plain_address():
    assert View().address() == "/recordings"


@given(st.dictionaries(st.sampled_from(["recording", "search", "label", "page", "model", "strange"]), st.text()))
@settings(max_examples=50)
def test_whatever_an_address_says_there_is_a_view(query):
    assert View.of(query).page >= 0


def test_a_chosen_network_travels_to_the_diagnosis_and_the_search_does_not():
    view = View(recording="abc", search="pump", page=3, model="wdcnn/int8-static")

    assert view.diagnose_address() == "/diagnose?recording=abc&model=wdcnn/int8-static"
