"""What a search knows so far, in a folder from which it goes on after whatever ended it."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from engine.errors import SearchError
from optimization.searching.candidates import Tried

SCHEMA = "vibench.search-state/1"
QUESTION = "question.json"
TRIED = "tried.jsonl"
MADE = "made"
LOCK = "lock"


class SearchState:
    """Candidates that were tried, one line each; and the variants that were made of them.

    A line counts once its end is written, and a variant once its folder has its name: a search that is killed leaves
    what it finished, and nothing else that counts.

    Parameters
    ----------
    folder : Path
        Belongs to the search alone; `SearchState.open` makes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @contextmanager
    def open(cls, folder: Path, question: Mapping[str, Any]) -> Iterator[Self]:
        """Hold a folder for a search of a question, new or begun earlier.

        Parameters
        ----------
        folder : Path
            Empty or missing, or one that holds a search of the same question.
        question : mapping
            All that decides what the lines mean, plain JSON.

        Raises
        ------
        SearchError
            If it holds something else, another search, or one that still runs, or if there can be no such folder.
        OSError
            If it can't be written.
        """
        held = folder / QUESTION
        if folder.is_dir() and not held.exists() and any(path.name != LOCK for path in folder.iterdir()):
            raise SearchError(f"{folder} holds something else", "give an empty folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
            raise SearchError(f"{folder} can't be a folder", "give an empty one, or one that can be made") from error
        with (folder / LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SearchError(f"Another search works in {folder}", "wait for it, or give another folder") from error
            state = cls(folder)
            state._begin({"schema": SCHEMA, "question": dict(question)})
            yield state

    def _begin(self, document: Mapping[str, Any]) -> None:
        """Write down the question, or check that it is the one that was written down."""
        held = self.folder / QUESTION
        if held.exists():
            try:
                known = json.loads(held.read_text(encoding="utf-8"))
            except ValueError:
                known = None
            if known != json.loads(json.dumps(document)):
                reason = f"{self.folder} holds a search of another question, or on another machine"
                raise SearchError(reason, "give another folder, or remove that one")
        else:
            writing = held.with_suffix(".writing")
            writing.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            writing.rename(held)
        (self.folder / MADE).mkdir(exist_ok=True)
        # Of a pass, or a ranking of layers, that was killed.
        for left in (*(self.folder / MADE).glob(".making-*"), *self.folder.glob(".ranking-*")):
            shutil.rmtree(left)

    def tried(self) -> list[Tried]:
        """Return the candidates, taking off a last line that was not finished.

        Raises
        ------
        SearchError
            If one of the lines is no candidate.
        """
        path = self.folder / TRIED
        if not path.exists():
            return []
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))
        try:
            return [Tried.from_json(json.loads(line)) for line in whole.splitlines()]
        except (KeyError, TypeError, ValueError) as error:
            raise SearchError(f"{path} is damaged", "remove the folder, and search again") from error

    def add(self, tried: Tried) -> None:
        """Write a candidate as a line, and see it on the disk."""
        with (self.folder / TRIED).open("ab") as file:
            file.write(json.dumps(tried.to_json(), allow_nan=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def place(self, key: str) -> Path:
        """Return the folder of the variant of a key."""
        return self.folder / MADE / key

    def remove(self) -> None:
        """Remove the folder, once the answer is given."""
        shutil.rmtree(self.folder)
