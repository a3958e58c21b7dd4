"""The recipes that come with Vibench, one YAML file each, and the text of those that people write."""

from pathlib import Path

from engine.errors import RecipeError
from optimization.passes.parameters import shown

RECIPES = Path(__file__).parent
#: A recipe is a few lines; whatever is larger was written to do harm, or is no recipe.
LARGEST_BYTES = 64 * 1024


def recipe_text(name_or_path: str) -> str:
    """Return the text of a recipe; raises `RecipeError` if there is none of that name, or no such file."""
    names = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    path = RECIPES / f"{name_or_path}.yaml" if name_or_path in names else Path(name_or_path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise RecipeError("recipe", shown(name_or_path), f"it is larger than {LARGEST_BYTES // 1024} kB")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        allowed = f"it is {', '.join(names)}, or the path of a YAML file"
        raise RecipeError("recipe", shown(name_or_path), allowed) from error
