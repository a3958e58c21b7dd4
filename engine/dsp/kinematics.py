"""Where a bearing's damage shows: its fault orders, from its geometry."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Literal


@dataclass(frozen=True, slots=True)
class Geometry:
    """What the fault orders of a rolling bearing follow from.

    Attributes
    ----------
    balls : int
        Number of rolling elements in one row; rollers count as balls.
    ball_diameter_mm, pitch_diameter_mm : float
        Diameter of a rolling element, and of the circle on which their centres run.
    contact_angle_deg : float
        Angle between the line of contact and the radial plane; 0 for a deep-groove bearing under radial load.
    """

    balls: int
    ball_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        possible = (
            self.balls >= 1
            and 0 < self.ball_diameter_mm < self.pitch_diameter_mm < float("inf")
            and 0 <= self.contact_angle_deg < 90
        )
        if not possible:
            raise ValueError(f"no bearing has the geometry {self}")


@dataclass(frozen=True, slots=True)
class FaultOrders:
    """Fault frequencies as multiples of the rotating ring's speed, without slip.

    Attributes
    ----------
    bpfo, bpfi : float
        Passes of the rolling elements over a place of the outer and of the inner race.
    bsf2 : float
        Twice the spin of a rolling element, whose damage strikes both races in one turn.
    ftf : float
        Turns of the cage.
    """

    bpfo: float
    bpfi: float
    bsf2: float
    ftf: float

    def by_name(self) -> Mapping[str, float]:
        """Return the orders under the names that the field gives them."""
        return {"BPFO": self.bpfo, "BPFI": self.bpfi, "2xBSF": self.bsf2, "FTF": self.ftf}


def fault_orders(geometry: Geometry, *, standing: Literal["outer", "inner"] = "outer") -> FaultOrders:
    """Return the fault orders of a bearing.

    Which ring stands changes the cage alone: the rings pass the rolling elements at the same relative speed.

    Parameters
    ----------
    geometry : Geometry
        Of the bearing.
    standing : {"outer", "inner"}
        The ring that does not turn; the orders refer to the speed of the other one.

    References
    ----------
    .. [1] R. B. Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial",
       Mechanical Systems and Signal Processing 25(2), 2011. doi:10.1016/j.ymssp.2010.07.017
    """
    ratio = geometry.ball_diameter_mm / geometry.pitch_diameter_mm * cos(radians(geometry.contact_angle_deg))
    turns_back = -1 if standing == "outer" else 1
    return FaultOrders(
        bpfo=geometry.balls / 2 * (1 - ratio),
        bpfi=geometry.balls / 2 * (1 + ratio),
        bsf2=geometry.pitch_diameter_mm / geometry.ball_diameter_mm * (1 - ratio**2),
        ftf=(1 + turns_back * ratio) / 2,
    )
