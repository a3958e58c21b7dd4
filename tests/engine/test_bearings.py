import pytest

from engine.bearings import BEARINGS, bearing
from engine.dsp.kinematics import fault_orders
from engine.errors import BearingUnknownError

# BPFO, BPFI, 2xBSF, FTF as the data sets' own documentation gives them.
PUBLISHED = {
    "6205-2RS": (3.5848, 5.4152, 4.7135, 0.39828),
    "6203-2RS": (3.0530, 4.9469, 3.9874, 0.3817),
    "NICE": (3.245, 4.755, 5.11, 0.406),
    "ZA-2115": (7.092, 8.908, 8.40, 0.443),
    "6804": (5.611, 7.389, 7.18, 0.432),
    "UER204": (3.083, 4.917, 4.133, 0.385),
    "MAFAULDA": (2.9980, 5.0020, 3.742, 0.3750),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_geometry_gives_the_published_fault_orders(name):
    orders = fault_orders(bearing(name))

    assert (orders.bpfo, orders.bpfi, orders.bsf2, orders.ftf) == pytest.approx(PUBLISHED[name], rel=1.5e-3)


@pytest.mark.parametrize("name", BEARINGS)
def test_every_bearing_is_found_by_its_own_name_and_is_full_of_rolling_elements(name):
    geometry = bearing(name)

    assert geometry == BEARINGS[name]
    filled = geometry.balls * geometry.ball_diameter_mm / (3.1416 * geometry.pitch_diameter_mm)
    assert 0.45 < filled < 0.75


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("6205", "6205-2RS"),
        ("6205-2rs jem SKF", "6205-2RS"),
        ("SKF 6205-2Z/C3", "6205-2RS"),
        ("6203", "6203"),
        ("6203 2RS", "6203-2RS"),
        ("FAG 6203-C-2HRS", "6203"),
        ("za2115", "ZA-2115"),
        ("LDK uer 204", "UER204"),
        (" nice ", "NICE"),
    ],
)
def test_spelling_does_not_matter(asked, found):
    assert bearing(asked) is BEARINGS[found]


@pytest.mark.parametrize("asked", ["", " ", "-", "62", "62041", "162050", "10", "B1", "NU205", "["])
def test_an_unknown_type_is_told_what_is_known(asked):
    with pytest.raises(BearingUnknownError, match="6205-2RS"):
        bearing(asked)
