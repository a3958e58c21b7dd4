import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DamagedFileError
from engine.readers import delimited
from engine.readers.contents import ReadOptions

SERIES = np.round(np.sin(0.7 * np.arange(300)), 4)
COSINE = np.round(np.cos(0.7 * np.arange(300)), 4)


@pytest.fixture
def read(tmp_path):
    def write_and_read(text, encoding="utf-8", **options):
        path = tmp_path / "recording.csv"
        path.write_bytes(text.encode(encoding))
        return delimited.read(path, ReadOptions(**options)).channels

    return write_and_read


def lines(*columns, separator=",", decimal=".", form="{:.4f}"):
    rows = (
        separator.join(form.format(value).replace(".", decimal) for value in row) for row in zip(*columns, strict=True)
    )
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("  ", "."), (" ", ",")]
)
def test_separator_and_decimal_sign_are_found(read, separator, decimal):
    first, second = read(lines(SERIES, COSINE, separator=separator, decimal=decimal))

    np.testing.assert_allclose(first.samples, SERIES, atol=1e-6)
    np.testing.assert_allclose(second.samples, COSINE, atol=1e-6)


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_single_column_is_a_single_channel(read, decimal):
    (channel,) = read(lines(SERIES, decimal=decimal))

    np.testing.assert_allclose(channel.samples, SERIES, atol=1e-6)
    assert channel.name == "1"


def test_whole_numbers_with_commas_between_are_two_columns(read):
    first, second = read(lines(1000 * SERIES, 500 + 400 * COSINE, form="{:.0f}"))

    assert first.samples[3] == round(1000 * SERIES[3])
    assert second.samples[3] == round(500 + 400 * COSINE[3])


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=20), decimal=st.sampled_from(".,"))
def test_what_was_written_is_read(values, decimal, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_text("a;b\n" + lines(values, values[::-1], separator=";", decimal=decimal, form="{:.9g}"))

    first, second = delimited.read(path, ReadOptions(time_column=False)).channels

    np.testing.assert_allclose(first.samples, np.float32(values), rtol=1e-6)
    np.testing.assert_array_equal(second.samples, first.samples[::-1])


@pytest.mark.parametrize(
    ("heading", "name", "unit", "kind"),
    [
        ("DE (g)", "DE", "g", "vibration"),
        ("acc [m/s2]", "acc", "m/s2", "vibration"),
        ("acc  [m/s²]", "acc", "m/s2", "vibration"),
        ('"Accel X (m/s^2)"', "Accel X", "m/s2", "vibration"),
        ("sensor (V)", "sensor", "V", "vibration"),
        ("sensor (mV)", "sensor", None, "vibration"),
        ("Temperature [°C]", "Temperature", None, "temperature"),
        ("bearing (°C)", "bearing", None, "temperature"),
        ("Tacho", "Tacho", None, "tacho"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_headings_give_name_unit_and_kind(read, heading, name, unit, kind, encoding):
    channel, _ = read(f"{heading},FE\n" + lines(SERIES, COSINE), encoding)

    assert (channel.name, channel.unit, channel.kind) == (name, unit, kind)


def test_units_may_stand_in_a_line_of_their_own(read):
    (channel,) = read("Time;Channel 1\ns;m/s²\n" + lines(np.arange(300) / 1000, SERIES, separator=";"))

    assert (channel.name, channel.unit, channel.sampling_rate) == ("Channel 1", "m/s2", 1000.0)


def test_lines_before_the_headings_are_passed_over(read):
    head = "Analyser 7\nDate: 2024-05-01, 12:00\n12800\n\n# x,y\n"
    names = [channel.name for channel in read(head + lines(SERIES, COSINE))]

    assert names == ["x", "y"]


@pytest.mark.parametrize(
    ("heading", "factor"), [("time", 1), ("Time (s)", 1), ("t [ms]", 1e3), ("t_us", 1e6), ("t (µs)", 1e6)]
)
def test_a_time_column_gives_the_rate_in_its_unit_and_is_no_channel(read, heading, factor):
    time = factor * np.arange(300) / 12_800

    (channel,) = read(f"{heading},acc\n" + lines(time, SERIES, form="{:.9g}"))

    assert (channel.name, channel.sampling_rate) == ("acc", pytest.approx(12_800))


def test_a_first_column_that_rises_evenly_is_time_without_a_heading_too(read):
    (channel,) = read(lines(np.arange(300) / 2000, SERIES))

    assert (channel.name, channel.sampling_rate) == ("1", 2000.0)


def test_sample_numbers_are_no_channel_and_give_no_rate(read):
    (channel,) = read(lines(np.arange(300), SERIES, form="{:g}"))

    assert (channel.name, channel.sampling_rate) == ("1", None)


def test_an_uneven_time_column_gives_no_rate(read):
    (channel,) = read("time,acc\n" + lines(np.arange(300) ** 1.1, SERIES))

    assert (channel.name, channel.sampling_rate) == ("acc", None)


@pytest.mark.parametrize("start", [0, 65_664])
def test_the_columns_of_a_clock_keep_their_numbers_and_are_no_vibration(read, start):
    clock = [np.full(300, 9), np.full(300, 41), np.full(300, 9), start + 39 * np.arange(300)]
    channels = read(lines(*clock, SERIES, COSINE, form="{:g}"))

    assert [channel.name for channel in channels] == ["hour", "minute", "second", "microsecond", "5", "6"]
    assert [channel.kind for channel in channels] == ["unknown"] * 4 + ["vibration"] * 2


def test_ten_values_a_second_are_no_vibration(read):
    second, tenth = np.divmod(np.arange(300), 10)
    channels = read(lines(np.full(300, 9), 40 + second // 60, second % 60, tenth, 70 + SERIES, form="{:g}"))

    assert channels[-1].name == "5"
    assert {channel.kind for channel in channels} == {"unknown"}


def test_four_columns_of_small_numbers_before_others_are_no_clock(read):
    channels = read(lines(*np.random.default_rng(1).integers(0, 9, (4, 300)), SERIES, form="{:g}"))

    assert {channel.kind for channel in channels} == {"vibration"}


def test_what_a_user_says_stands(read):
    text = "7,5\n" + lines(np.arange(300), SERIES, form="{:g}")

    by_user = read(text, separator=",", decimal=".", header_lines=1, time_column=False)

    assert [channel.samples.size for channel in by_user] == [300, 300]
    (channel,) = read(text, header_lines=1, time_column=True)
    assert channel.sampling_rate == 1.0


def test_a_time_column_that_a_user_names_must_rise_evenly(read):
    with pytest.raises(DamagedFileError, match="rise evenly"):
        read(lines(SERIES, COSINE), time_column=True)


def test_separators_at_the_ends_of_lines_are_no_column(read):
    text = "a;b;\n" + "\n".join(line + ";" for line in lines(SERIES, COSINE, separator=";").splitlines())

    assert [channel.name for channel in read(text)] == ["a", "b"]


def test_quoted_numbers_and_windows_line_ends_are_read(read):
    text = '"a","b"\r\n' + "".join(f'"{a}","{b}"\r\n' for a, b in zip(SERIES, COSINE, strict=True))

    np.testing.assert_allclose(read(text)[1].samples, COSINE, atol=1e-6)


def test_not_a_number_and_infinity_are_kept(read):
    (channel,) = read(lines(SERIES) + "\nnan\ninf\n-inf")

    assert np.isnan(channel.samples[-3])
    assert np.isinf(channel.samples[-2:]).all()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n \n", "empty"),
        ("name,label\nabc,def\n", "rows of numbers"),
        ("1,2\n" * 300 + "1,x\n", "'x'"),
        ("1,2\n" * 300 + "1\n", "number of columns"),
        ("1,2;" * 30_000, "no line breaks"),
        (",".join("1" * 100) + "\n", "100 columns"),
    ],
)
def test_what_is_wrong_is_said(read, text, reason):
    with pytest.raises(DamagedFileError, match=reason):
        read(text)
