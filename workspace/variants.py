"""The variants of a workspace: their rows, and their weight files as blobs."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from engine.card import ModelCard
from engine.errors import BackendMissingError, DamagedModelError, ModelNotFoundError
from engine.variant import BACKEND_TITLES, BACKENDS, DESCRIPTION, Backend, Variant
from workspace.blobs import BlobStore
from workspace.database import Database
from workspace.schema import variant as table

logger = logging.getLogger(__name__)

DEFAULT_BACKEND: Backend = "onnx"
DIGEST_BEGINNING = re.compile(r"[0-9a-f]{8,64}")


class VariantStore:
    """What can diagnose; safe to use from several threads and processes.

    Parameters
    ----------
    database : Database
        Holds a row for each variant.
    blobs : BlobStore
        Holds their weight files.
    """

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def list(self, network: str | None = None) -> list[Variant]:
        """Return the variants, of one network or of all: network by network, the oldest first.

        One whose weight file somebody removed from the workspace is left out and logged; seeding brings back
        those that Vibench makes.
        """
        query = select(table.c.description, table.c.digest).order_by(table.c.network, table.c.added_at, table.c.name)
        if network is not None:
            query = query.where(table.c.network == network)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            try:
                found.append(self._variant(row.description, row.digest))
            except (OSError, DamagedModelError) as error:
                logger.error("The workspace has lost variant %s: %s", row.description.get("name"), error)
        return found

    def networks(self) -> Sequence[ModelCard]:
        """Return the card of each network, in the order of their names."""
        cards: dict[str, ModelCard] = {}
        for variant in self.list():
            cards.setdefault(variant.card.name, variant.card)
        return list(cards.values())

    def find(self, text: str, backend: Backend | None = None) -> Variant:
        """Return the variant that ``text`` names; see `named`, which says what it raises."""
        return named(text, self.list(), backend)

    def add(self, variant: Variant, *, limited: bool = True) -> Variant:
        """Keep a variant, its weight file copied; one of the same name takes the place of the older.

        Parameters
        ----------
        variant : Variant
            Its weight file stays where it is.
        limited : bool
            Whether it must fit under the storage limit; what comes with Vibench need not.

        Returns
        -------
        Variant
            The same, its weight file being the workspace's own.

        Raises
        ------
        DamagedModelError
            If the weight file is not the one that the variant's digest names.
        StorageLimitError, WorkspaceError
            If it does not fit under the limit, or on the disk.
        """
        variant.check_weights()
        this_name = (table.c.network == variant.card.name) & (table.c.name == variant.name)
        with self._blobs.changing(variant.digest):
            if limited and not self._blobs.path(variant.digest).exists():
                self._blobs.check_room(variant.full_name, variant.weights.stat().st_size)
            self._blobs.add(variant.weights)
            with self._database.write() as connection:
                replaced = connection.scalar(select(table.c.digest).where(this_name))
                connection.execute(delete(table).where(this_name))
                connection.execute(insert(table).values(values_of(variant)))
        if replaced is not None:
            with self._blobs.changing(replaced):
                if not self._database.names_blob(replaced):
                    self._blobs.delete(replaced)
        return self._variant(variant.describe(), variant.digest)

    def _variant(self, description: Mapping[str, Any], digest: str) -> Variant:
        return Variant.from_description(description, self._blobs.path(digest))


def values_of(variant: Variant) -> dict[str, Any]:
    """Return the columns of a variant's row."""
    return {
        "network": variant.card.name,
        "name": variant.name,
        "digest": variant.digest,
        "backend": variant.backend,
        "format": variant.format,
        "parent": variant.parent,
        "description": variant.describe(),
        "added_at": datetime.now(UTC),
    }


def resolve(text: str, variants: Sequence[Variant], backend: Backend | None = None) -> Variant:
    """Return the variant that ``text`` names, as `named`, or whose folder it is the path of.

    Addresses of pages are not resolved so, lest they reach into the server's folders.

    Raises
    ------
    ModelNotFoundError, BackendMissingError
        As `named`.
    DamagedModelError
        If ``text`` is a folder whose variant can't be read.
    """
    try:
        return named(text, variants, backend)
    except ModelNotFoundError:
        folder = Path(text).expanduser()
        if folder.name == DESCRIPTION:
            folder = folder.parent
        if text and folder.is_dir():
            return Variant.load(folder)
        raise


def named(text: str, variants: Sequence[Variant], backend: Backend | None = None) -> Variant:
    """Return the variant that ``text`` names.

    Parameters
    ----------
    text : str
        ``NETWORK``, ``NETWORK/VARIANT``, or 8 or more hex digits of a digest.
    variants : sequence of Variant
        Those that may be meant, the oldest first.
    backend : {"pytorch", "onnx", "fp16", "int8"} or None
        Which variant of a network, where ``text`` names no more than that; ``onnx`` if ``None``.

    Raises
    ------
    ModelNotFoundError
        If nothing is called so, or two digests begin so.
    BackendMissingError
        If the network has no variant for the backend.
    """
    if any(variant.card.name == text for variant in variants):
        return default_variant(text, variants, backend or DEFAULT_BACKEND)
    for variant in variants:
        if variant.full_name == text:
            return variant
    if DIGEST_BEGINNING.fullmatch(text.lower()):
        found = {variant.digest: variant for variant in variants if variant.digest.startswith(text.lower())}
        if len(found) == 1:
            return next(iter(found.values()))
    raise ModelNotFoundError(text, [variant.full_name for variant in variants])


def default_variant(network: str, variants: Sequence[Variant], backend: Backend) -> Variant:
    """Return a network's variant for a backend: static before dynamic INT8, then the oldest.

    Raises
    ------
    BackendMissingError
        If there is none.
    """
    fitting = [variant for variant in variants if variant.card.name == network and variant.backend == backend]
    if not fitting:
        raise BackendMissingError(network, BACKEND_TITLES[backend], remedy(network, variants, backend))
    return min(fitting, key=lambda variant: "dynamic" in variant.name)  # the first of equals


def remedy(network: str, variants: Sequence[Variant], backend: Backend) -> str:
    """Return what to do about a missing variant, as the end of a sentence."""
    if backend == "onnx":
        return "`vibench serve` makes it when it starts"
    made = {variant.backend for variant in variants if variant.card.name == network}
    return f"this version makes none; choose {' or '.join(known for known in BACKENDS if known in made)}"
