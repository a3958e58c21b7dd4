import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BundleError, FileAccessError
from optimization.bundle.target.verify import main
from optimization.bundle.target_result import LARGEST_BYTES, checked, document_digest, read_target


@pytest.fixture(scope="module")
def written(bundle, tmp_path_factory):
    """What verify.py writes."""
    out = tmp_path_factory.mktemp("target") / "target.json"
    main(["--seconds", "0.1", "--out", str(out)], bundle)
    return out


@pytest.fixture(scope="module")
def document(written):
    return json.loads(written.read_text())


def places(value, path=()):
    """Every place in a document."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*path, key))


def replaced(document, path, value):
    """A copy of a document with something else in one place."""
    if not path:
        return value
    made = copy.deepcopy(document)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return made


def test_what_verify_writes_is_read_back(written, document):
    found = read_target(written)

    assert found["candidates"] == document["candidates"]
    assert found["machine"] == document["machine"]
    assert document_digest(found) == document_digest(read_target(written))


def test_fields_that_are_not_known_are_left_out(document):
    assert "evil" not in checked(document | {"evil": "x" * 10_000})


@given(data=st.data())
def test_anything_else_anywhere_is_refused_or_harmless(document, data):
    path = data.draw(st.sampled_from(list(places(document))))
    value = data.draw(
        st.sampled_from(
            [None, True, -1, 1e400, 10**400, "", "\x1b[2J", "x" * 2_000, "<b>", [], {}, [[]] * 2_000, {"a": 1}]
        )
    )

    try:
        found = checked(replaced(document, path, value))
    except ValueError as error:
        said = str(error)
    else:
        said = ""
        text = json.dumps(found, allow_nan=False)
        assert "\\u001b" not in text
        assert len(text) < 2 * LARGEST_BYTES
    assert len(said) < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "can't decode"),
        (b"null", "it is no object"),
        (b"{}", "it lacks schema"),
        (b'{"schema": "vibench.benchmark/1"}', "it lacks"),
        (b'{"schema": NaN}', "NaN is no number"),
        (b'{"schema": 1' + b"0" * 10_000 + b"}", "digits"),
        (b" " * (LARGEST_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_what_is_no_result_is_one_sentence(content, said, tmp_path):
    path = tmp_path / "target.json"
    path.write_bytes(content)

    with pytest.raises(BundleError) as raised:
        read_target(path)

    assert said in str(raised.value)
    assert "target.json does not come from a bundle's verify.py" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("take",), "nothing", "take names no candidate"),
        (("candidates", 1, "name"), "int8-static", "two candidates have one name"),
        (("candidates", 0, "digest"), "../../etc/passwd", "digest can't be what it says"),
        (("candidates", 0, "latency", "hop", "p50_ms"), -1, "p50_ms is no number from 0 on"),
        (("candidates", 0, "parity", "holds"), 1, "holds is neither true nor false"),
        (("machine", "cpu"), "evil\x1b[31m", "cpu is no short line of text"),
        (("outcome",), "fine", "outcome is not passed or failed or undecided"),
    ],
)
def test_what_contradicts_itself_is_refused(path, value, said, document):
    with pytest.raises(ValueError, match=said):
        checked(replaced(document, path, value))


@pytest.mark.parametrize(
    "change",
    [
        lambda found, first: first["parity"].update(holds=False),
        lambda found, first: first["latency"].update(fits=False),
        lambda found, first: first["proof"].update(holds_here=not first["proof"]["holds_here"]),
        lambda found, first: first["proof"].update(verdict="degraded"),
        lambda found, first: first.update(outcome="failed"),
        lambda found, first: found.update(outcome="failed"),
        lambda found, first: found.update(take=None),
    ],
)
def test_an_outcome_that_its_figures_contradict_is_refused(change, document):
    spoilt = copy.deepcopy(document)
    taken = next(candidate for candidate in spoilt["candidates"] if candidate["name"] == spoilt["take"])
    change(spoilt, taken)

    with pytest.raises(ValueError, match=r"and its figures say|its outcome is"):
        checked(spoilt)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileAccessError, match=r"target.json can't be opened: no such file"):
        read_target(tmp_path / "target.json")
