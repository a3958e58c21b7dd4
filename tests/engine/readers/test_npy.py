import numpy as np
import pytest

from engine.errors import DamagedFileError
from engine.readers import npy
from engine.readers.contents import ReadOptions

SERIES = np.sin(np.arange(100.0))


@pytest.fixture
def read(tmp_path):
    def save_and_read(array, altered=lambda content: content):
        path = tmp_path / "recording.npy"
        np.save(path, array)
        path.write_bytes(altered(path.read_bytes()))
        return npy.read(path, ReadOptions())

    return save_and_read


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "f2", "<i2", ">i4", "u1"])
def test_numbers_of_every_kind_are_read(read, dtype):
    series = (10 * SERIES + 20).astype(dtype)

    np.testing.assert_allclose(read(series).channels[0].samples, series.astype(float), rtol=1e-6)


@pytest.mark.parametrize("table", [np.stack([SERIES, -SERIES]), np.stack([SERIES, -SERIES]).T])
def test_the_longer_axis_is_time(read, table):
    first, second = read(table).channels

    np.testing.assert_allclose(first.samples, SERIES, rtol=1e-6)
    assert (first.name, second.name) == ("1", "2")


def test_fortran_order_is_honoured(read):
    first, _ = read(np.asfortranarray(np.stack([SERIES, -SERIES]))).channels

    np.testing.assert_allclose(first.samples, SERIES, rtol=1e-6)


def test_python_objects_are_never_loaded(read):
    with pytest.raises(DamagedFileError, match="Python objects"):
        read(np.array([{"run": "me"}, None], dtype=object))


@pytest.mark.parametrize("array", [np.ones((2, 3, 4)), SERIES + 1j, np.array(["a", "b"]), np.ones(3, "f4,i4")])
def test_what_is_no_series_is_told(read, array):
    with pytest.raises(DamagedFileError, match="instead of a series"):
        read(array)


def test_more_than_the_file_holds_is_not_set_aside(read):
    with pytest.raises(DamagedFileError, match="ends early"):
        read(SERIES, lambda content: content.replace(b"(100,), }" + b" " * 9, b"(100" + b"0" * 9 + b",), }"))


def test_a_cut_header_is_told(read):
    with pytest.raises(DamagedFileError, match="header"):
        read(SERIES, lambda content: content[:40])


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_samples_are_left_for_the_signal_to_refuse(read, count):
    assert read(SERIES[:count]).channels[0].samples.size == count
