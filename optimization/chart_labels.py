"""Where the labels of a scatter chart go, so that they meet neither each other nor the points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "center", "right"]

#: Sizes in px of the plots that a place must be good for: a chart is as wide as its page.
NARROW, WIDE = (260.0, 210.0), (600.0, 210.0)
LETTER, LINE_HEIGHT = 6.6, 15.0
MARK = 7.0  #: half of a point's mark
GAP = 4.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label stands from its point, in px; ``dy`` grows downwards.

    Attributes
    ----------
    side : {"left", "center", "right"}
        On which side of ``dx`` the text lies.
    dx, dy : float
        From the point to the text's near end, at the middle of its height.
    """

    side: Side
    dx: float
    dy: float

    @property
    def far(self) -> bool:
        """Whether a line must lead from the label to its point."""
        return abs(self.dy) > MARK + GAP + LINE_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in px."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: "Box") -> float:
        """Area that two rectangles share."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    @property
    def area(self) -> float:
        """Area in square px."""
        return (self.right - self.left) * (self.bottom - self.top)


def candidates() -> list[Place]:
    """Return the places that a label may take, the best first: beside its point, above, below, then further away."""
    beside, above = MARK + GAP, MARK + LINE_HEIGHT / 2 + 1
    near = [Place("right", beside, 0), Place("left", -beside, 0), Place("center", 0, -above), Place("center", 0, above)]
    steps = [sign * count * LINE_HEIGHT for count in range(1, 7) for sign in (-1, 1)]
    return near + [Place(side, dx, dy) for dy in steps for side, dx in (("right", beside), ("left", -beside))]  # type: ignore[arg-type]


def place_labels(points: Sequence[tuple[float, float]], texts: Sequence[str]) -> list[Place]:
    """Find a place for each label, one after the other.

    Parameters
    ----------
    points : sequence of (float, float)
        Across and down the plot, 0 to 1 each.
    texts : sequence of str
        One a point.
    """
    places: list[Place] = []
    for index, text in enumerate(texts):

        def cost(place: Place, index: int = index, text: str = text) -> float:
            return sum(overlap(index, text, place, points, texts[:index], places, size) for size in (NARROW, WIDE))

        places.append(min(candidates(), key=cost))  # the first of equals, so the best place that is free
    return places


def overlap(
    index: int,
    text: str,
    place: Place,
    points: Sequence[tuple[float, float]],
    placed_texts: Sequence[str],
    placed: Sequence[Place],
    size: tuple[float, float],
) -> float:
    """Return how much of a label lies on other labels, on points, or outside of the plot, in square px."""
    mine = box_of(points[index], text, place, size)
    labels = [box_of(points[other], placed_texts[other], placed[other], size) for other in range(len(placed))]
    marks = [mark_of(point, size) for point in points]
    inside = mine.shared(Box(0, 0, *size))
    return mine.area - inside + sum(mine.shared(box) for box in (*labels, *marks))


def box_of(point: tuple[float, float], text: str, place: Place, size: tuple[float, float]) -> Box:
    """Return the rectangle that a label takes."""
    width = LETTER * len(text)
    x, y = point[0] * size[0] + place.dx, point[1] * size[1] + place.dy
    left = {"right": x, "center": x - width / 2, "left": x - width}[place.side]
    return Box(left, y - LINE_HEIGHT / 2, left + width, y + LINE_HEIGHT / 2)


def mark_of(point: tuple[float, float], size: tuple[float, float]) -> Box:
    """Return the rectangle that a point's mark takes."""
    x, y = point[0] * size[0], point[1] * size[1]
    return Box(x - MARK, y - MARK, x + MARK, y + MARK)
