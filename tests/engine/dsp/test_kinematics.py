import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.dsp.kinematics import Geometry, fault_orders

geometries = st.builds(
    Geometry,
    balls=st.integers(3, 40),
    ball_diameter_mm=st.floats(1, 20),
    pitch_diameter_mm=st.floats(20.1, 500),
    contact_angle_deg=st.floats(0, 60),
)


@given(geometry=geometries, standing=st.sampled_from(["outer", "inner"]))
def test_every_rolling_element_passes_one_of_the_races_once_a_turn(geometry, standing):
    orders = fault_orders(geometry, standing=standing)

    assert orders.bpfo + orders.bpfi == pytest.approx(geometry.balls)


@given(geometry=geometries)
def test_the_cage_brings_every_rolling_element_past_the_standing_ring(geometry):
    outer_stands, inner_stands = fault_orders(geometry), fault_orders(geometry, standing="inner")

    assert outer_stands.ftf * geometry.balls == pytest.approx(outer_stands.bpfo)
    assert inner_stands.ftf * geometry.balls == pytest.approx(inner_stands.bpfi)
    assert outer_stands.ftf + inner_stands.ftf == pytest.approx(1)


@given(geometry=geometries)
def test_which_ring_stands_changes_the_cage_alone(geometry):
    outer_stands, inner_stands = fault_orders(geometry), fault_orders(geometry, standing="inner")

    assume(geometry.contact_angle_deg < 60)
    assert outer_stands.ftf < 0.5 < inner_stands.ftf
    assert (outer_stands.bpfo, outer_stands.bpfi, outer_stands.bsf2) == pytest.approx(
        (inner_stands.bpfo, inner_stands.bpfi, inner_stands.bsf2)
    )


@given(geometry=geometries)
def test_a_rolling_element_rolls_off_as_much_of_the_races_as_they_move_past_it(geometry):
    # Without a contact angle: relative to the cage the standing outer ring turns at -FTF, and rolling means equal
    # speeds of the surfaces where they touch.
    flat = Geometry(geometry.balls, geometry.ball_diameter_mm, geometry.pitch_diameter_mm)
    orders = fault_orders(flat)

    outer_radius_mm = (flat.pitch_diameter_mm + flat.ball_diameter_mm) / 2
    assert orders.bsf2 / 2 * flat.ball_diameter_mm / 2 == pytest.approx(orders.ftf * outer_radius_mm)


def test_orders_go_by_the_names_of_the_field():
    orders = fault_orders(Geometry(9, 7.94, 39.04))

    assert orders.by_name() == pytest.approx(
        {"BPFO": 3.5848, "BPFI": 5.4152, "2xBSF": 4.7135, "FTF": 0.39828}, abs=1e-3
    )


@pytest.mark.parametrize(
    "impossible", [(0, 5, 30, 0), (8, 0, 30, 0), (8, 30, 30, 0), (8, 5, 30, 90), (8, float("nan"), 30, 0)]
)
def test_impossible_geometry_is_refused(impossible):
    with pytest.raises(ValueError, match="geometry"):
        Geometry(*impossible)
