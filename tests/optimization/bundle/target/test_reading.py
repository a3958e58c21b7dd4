import struct
import wave

import numpy as np
import pytest

from optimization.bundle.target.errors import InputError
from optimization.bundle.target.reading import read

VALUES = np.array([0.0, 0.5, -0.5, 0.25, -1.0], np.float32)


def write_wav(path, width, channels=1):
    scale = 2 ** (8 * width - 1)
    whole = np.repeat((VALUES.astype(np.float64) * scale).astype(np.int64), channels)
    if width == 1:
        data = (whole + 128).astype(np.uint8).tobytes()
    else:
        data = b"".join(int(value).to_bytes(width, "little", signed=True) for value in whole)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(48_000)
        file.writeframes(data)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav_of_every_width_is_a_share_of_full_scale_and_says_its_rate(width, tmp_path):
    samples, rate_hz = read(write_wav(tmp_path / "a.wav", width), None, None)

    assert rate_hz == 48_000
    assert samples.dtype == np.float32
    assert samples == pytest.approx(VALUES)


def write_wav_head(path, code, bits, data, channels=1, length=None):
    """Write a WAV file whose head says what it is told, the extensible form if ``code`` is a pair."""
    code, further = code if isinstance(code, tuple) else (code, None)
    head = struct.pack("<HHIIHH", code, channels, 48_000, 0, 0, bits)
    head += b"" if further is None else struct.pack("<HHIH14x", 22, bits, 4, further)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    body += b"data" + struct.pack("<I", len(data) if length is None else length) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.mark.parametrize(("code", "bits", "dtype"), [(3, 32, "<f4"), (3, 64, "<f8"), ((0xFFFE, 3), 32, "<f4")])
def test_wav_of_floating_point_is_read_as_it_is(code, bits, dtype, tmp_path):
    path = write_wav_head(tmp_path / "a.wav", code, bits, VALUES.astype(dtype).tobytes())

    assert read(path, None, None)[0].tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"code": 1, "bits": 16, "length": 100}, "it ends early"),
        ({"code": 1, "bits": 16, "channels": 2}, "do not divide into 2 channels of 16 bits"),
        ({"code": 1, "bits": 64}, "its samples are coded (format 1, 64 bits): save them as PCM"),
        ({"code": 6, "bits": 8}, "its samples are coded (format 6, 8 bits): save them as PCM"),
    ],
)
def test_wav_that_is_cut_or_coded_is_refused(head, said, tmp_path):
    with pytest.raises(InputError) as raised:
        read(write_wav_head(tmp_path / "a.wav", data=b"\1\2" * 3, **head), None, None)

    assert said in str(raised.value)


def test_a_rate_that_is_given_overrides_the_files(tmp_path):
    assert read(write_wav(tmp_path / "a.wav", 2), 12_000.0, None)[1] == 12_000


def test_a_channel_is_counted_from_one(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x;g\n3;1\n1;2\n2;4\n")

    assert read(path, 100.0, 2)[0].tolist() == [1, 2, 4]
    with pytest.raises(InputError, match=r"has 2 channels: choose one with --channel 1 to 2"):
        read(path, 100.0, None)
    with pytest.raises(InputError, match=r"has no channel 3: it has 2"):
        read(path, 100.0, 3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"1\n2\n4\n"),
        ("a.csv", b"acceleration\n1\n2\n4\n"),
        ("a.txt", b"  1.0\n\n  2.0\n  4.0\n"),
        ("a.csv", b"# from an analyser\nacceleration, m/s2\n1\n2\n4\n"),
        ("a.csv", "Beschleunigung m/s²\n1\n2\n4\n".encode("latin-1")),
        ("a.csv", b"\xef\xbb\xbf1\n2\n4\n"),
        ("a.csv", b"1;\n2;\n4;\n"),
        ("a.csv", b"1,00\n2,00\n4,00\n"),
        ("a.f32", np.array([1, 2, 4], "<f4").tobytes()),
    ],
)
def test_columns_and_raw_samples_are_read(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)

    assert read(tmp_path / name, 100.0, None)[0].tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("row", "rate_hz"),
    [
        ("{time:.9f},{value}", 12_800.0),
        ("{time:.9f};{value}", 12_800.0),
        ("{comma:>};{number}", 12_800.0),
        ("{number},{value}", None),
    ],
    ids=["commas", "semicolons", "decimal commas", "numbers of samples"],
)
def test_a_column_of_time_is_no_channel_and_gives_the_rate(row, rate_hz, tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        row.format(time=(number + 3) / 12_800, value=number**2, number=number, comma=f"{number / 12_800:.8f}")
        for number in range(100)
    ]
    path.write_text("t;a\n" + "\n".join(rows).replace(".", "," if "comma" in row else "."))

    if rate_hz is None:
        with pytest.raises(InputError, match="does not say its sampling rate"):
            read(path, None, None)
    else:
        assert read(path, None, 1)[1] == pytest.approx(rate_hz)
    values = [number if "{number}" in row and rate_hz else number**2 for number in range(100)]
    assert read(path, 100.0, 1)[0].tolist() == values


@pytest.mark.parametrize("content", ["t,a\n0.0,1\n0.1,3\n0.3,2\n", "0,5\n1,5\n3,5\n"])
def test_a_column_that_rises_unevenly_is_a_channel(content, tmp_path):
    (tmp_path / "a.csv").write_text(content)

    with pytest.raises(InputError, match="has 2 channels"):
        read(tmp_path / "a.csv", 100.0, None)


@pytest.mark.parametrize(
    "array", [[1, 2, 4], [[1, 2, 4]], [[1], [2], [4]], np.array([1, 2, 4], np.int16)], ids=["row", "1xN", "Nx1", "int"]
)
def test_arrays_lie_either_way(array, tmp_path):
    np.save(tmp_path / "a.npy", np.asarray(array))

    assert read(tmp_path / "a.npy", 100.0, None)[0].tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("name", "content", "rate_hz", "said"),
    [
        ("a.mat", b"", 100.0, "is of no kind known here: export it as .npy, .csv, .txt, .wav, .f32"),
        ("a.f32", b"\0" * 8, None, "does not say its sampling rate: give it with --rate HZ"),
        ("a.f32", b"\0" * 7, 100.0, "its size is no multiple of 4 bytes"),
        ("a.f32", b"", 100.0, "holds 0 samples"),
        ("a.f32", b"\0" * 8, 100.0, "every sample is 0: check the sensor"),
        ("a.f32", np.array([1, np.nan], "<f4").tobytes(), 100.0, "sample 1 is NaN or infinite"),
        ("a.f32", np.array([1, 1e13], "<f4").tobytes(), 100.0, "are no vibration: check the unit"),
        ("a.f32", np.array([1, 2], "<f4").tobytes(), 0.0, "0 Hz is no sampling rate"),
        ("a.f32", np.array([1, 2], "<f4").tobytes(), float("nan"), "nan Hz is no sampling rate"),
        ("a.wav", b"RIFF", None, "can't be read"),
        ("a.wav", b"no wave at all, but long enough to be read", None, "can't be read"),
        ("a.npy", b"\x93NUMPY", 100.0, "can't be read"),
        ("a.csv", b"1\ntwo\n3\n", 100.0, "can't be read"),
        ("a.csv", b"1,2\n3\n", 100.0, "can't be read"),
        ("a.csv", b"", 100.0, "it holds no numbers"),
        ("a.csv", b"\xff\xfe\x00", 100.0, "can't be read"),
        ("a.csv", b"a,b\nc,d\n", 100.0, "it holds no numbers"),
    ],
)
def test_what_can_t_be_read_is_one_sentence(name, content, rate_hz, said, tmp_path):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError) as raised:
        read(tmp_path / name, rate_hz, None)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


class Planted:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_is_never_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([Planted(str(tmp_path / "planted"))], dtype=object), allow_pickle=True)

    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path / "a.npy", 100.0, None)

    assert not (tmp_path / "planted").exists()


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"a.npy can't be opened: no such file or directory"):
        read(tmp_path / "a.npy", 100.0, None)
