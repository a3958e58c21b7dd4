import pytest

from dashboard.components.words import (
    channel_title,
    counted,
    grouped,
    missing_text,
    plain_number,
    rate_text,
    seconds_text,
    size_text,
    unit_text,
)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (grouped(1797), "1797"),
        (channel_title("x<sub>1</sub>", "m/s2"), "x&lt;sub&gt;1&lt;/sub&gt; (m/s²)"),
        (missing_text(["sampling_rate_hz"]), "sampling rate"),
        (missing_text(["sampling_rate_hz", "channel"]), "sampling rate and channel"),
        (grouped(12_000), "12\u202f000"),
        (grouped(10.108, 2), "10.11"),
        (plain_number(12_000.0), "12000"),
        (plain_number(1796.5), "1796.5"),
        (rate_text(12_000.0), "12 kHz"),
        (rate_text(48_828.0), "48.828 kHz"),
        (rate_text(800.0), "800 Hz"),
        (seconds_text(10.105), "10.1 s"),
        (seconds_text(754.2), "12 min 34 s"),
        (size_text(2_900_000), "2.90 MB"),
        (size_text(34_000), "34.0 kB"),
        (size_text(12), "12 bytes"),
        (unit_text("m/s2"), "m/s²"),
        (unit_text(None), "unit unknown"),
        (counted(1, "channel"), "1 channel"),
        (counted(3, "channel"), "3 channels"),
    ],
)
def test_numbers_and_units_are_written_as_people_read_them(written, words):
    assert written == words
