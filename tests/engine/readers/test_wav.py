import struct

import numpy as np
import pytest

from engine.errors import DamagedFileError, SamplingRateInvalidError
from engine.readers import wav
from engine.readers.contents import ReadOptions

SHARES = np.array([0.0, 0.5, -0.5, 0.25, -1.0, 0.75])


def riff(data, *, code=1, bits=16, channels=1, rate=44_100, before=b"", extension=b""):
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * width, width, bits) + extension
    chunks = before + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.fixture
def read(tmp_path):
    def write_and_read(content):
        path = tmp_path / "sound.wav"
        path.write_bytes(content)
        return wav.read(path, ReadOptions()).channels

    return write_and_read


def packed(bits):
    whole = (SHARES * 2 ** (bits - 1)).astype(np.int64)
    if bits == 8:
        return (whole + 128).astype("u1").tobytes()
    return b"".join(int(value).to_bytes(bits // 8, "little", signed=True) for value in whole)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_whole_numbers_become_shares_of_full_scale(read, bits):
    (channel,) = read(riff(packed(bits), bits=bits))

    np.testing.assert_allclose(channel.samples, SHARES)
    assert channel.sampling_rate == 44_100.0
    assert (channel.unit, channel.kind) == (None, "vibration")


@pytest.mark.parametrize("bits", [32, 64])
def test_floating_point_stays_as_it_is(read, bits):
    (channel,) = read(riff((9 * SHARES).astype(f"<f{bits // 8}").tobytes(), code=3, bits=bits))

    np.testing.assert_allclose(channel.samples, 9 * SHARES)


def test_channels_are_interleaved(read):
    first, second = read(riff(np.array([[1, -1], [2, -2]], "<i2").tobytes(), channels=2))

    assert (first.samples * 2**15).tolist() == [1, 2]
    assert (second.samples * 2**15).tolist() == [-1, -2]


def test_chunks_of_odd_length_are_stepped_over(read):
    (channel,) = read(riff(packed(16), before=b"note" + struct.pack("<I", 3) + b"abc\0"))

    np.testing.assert_allclose(channel.samples, SHARES)


def test_the_extensible_form_says_its_coding_in_its_extension(read):
    extension = struct.pack("<HHIH", 22, 24, 0, 1) + bytes(14)
    (channel,) = read(riff(packed(24), code=0xFFFE, bits=24, extension=extension))

    np.testing.assert_allclose(channel.samples, SHARES)


def test_a_rate_of_zero_is_refused(read):
    with pytest.raises(SamplingRateInvalidError, match="0 Hz"):
        read(riff(packed(16), rate=0))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (riff(packed(16))[:-3], "ends early"),
        (riff(packed(16), channels=0), "do not divide"),
        (riff(packed(16)[:-1]), "do not divide"),
        (riff(packed(16), code=0x11, bits=4), "save them as PCM"),
        (b"RIFF\x04\0\0\0WAVE", "no format or no data"),
        (b"ID3", "does not begin"),
    ],
)
def test_what_is_wrong_is_said(read, content, reason):
    with pytest.raises(DamagedFileError, match=reason):
        read(content)
