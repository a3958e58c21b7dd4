from hypothesis import given
from hypothesis import strategies as st

from engine.readers.contents import ReadOptions
from engine.readers.limits import Limits
from workspace.reading import LONGEST_NAME, plain_name, read_named


@given(st.text())
def test_a_name_from_outside_becomes_one_short_line_of_text(name):
    plain = plain_name(name)

    assert 0 < len(plain) <= LONGEST_NAME
    assert plain.isprintable()
    assert "/" not in plain
    assert "\\" not in plain


def test_folders_before_a_name_are_dropped():
    assert plain_name("C:\\measurements\\105.mat") == "105.mat"
    assert plain_name("../../etc/passwd") == "passwd"
    assert plain_name("pump 3 – Lager ü.csv") == "pump 3 – Lager ü.csv"
    assert plain_name("measurements/") == "recording"


def test_a_file_without_an_ending_is_read_by_that_of_its_name(tmp_path):
    blob, scratch = tmp_path / "blob", tmp_path / "scratch"
    scratch.mkdir()
    blob.write_text("time,a\n" + "".join(f"{n / 1000},{n % 7}\n" for n in range(500)), encoding="ascii")

    contents = read_named(blob, "pump/../.. 3.csv", ReadOptions(), Limits(), scratch)

    assert (contents.format, [channel.name for channel in contents.channels]) == ("delimited", ["a"])
    assert list(scratch.iterdir()) == []
