"""The variants of a workspace: their rows, and their weight files as blobs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from engine.card import ModelCard
from engine.errors import DamagedModelError, ModelNotFoundError, ModelRefusedError, WorkspaceError
from engine.variant import Backend, Variant
from workspace.blobs import BlobStore
from workspace.database import Database
from workspace.naming import check_name, free_name, named
from workspace.schema import variant as table

logger = logging.getLogger(__name__)

#: Called in the transaction that keeps variants, with them as they are kept; what it raises undoes everything.
Also = Callable[[Connection, Sequence[Variant]], None]


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

    def add(self, variant: Variant, *, chosen: bool = False) -> Variant:
        """Keep a variant, its weight file copied; see `add_all`."""
        return self.add_all([variant], chosen=chosen)[-1]

    def add_all(
        self, variants: Sequence[Variant], *, chosen: bool = False, also: Also | None = None
    ) -> Sequence[Variant]:
        """Keep a chain of variants, each made from the one before: all of them or, after an error, none.

        What the workspace holds already is found and not kept twice. Where a name is taken by another variant, the
        next free one is given: ``int8-static-2``.

        Parameters
        ----------
        variants : sequence of Variant
            Their weight files stay where they are.
        chosen : bool
            Whether somebody chose the name of the last one, so that it gets no other.
        also : callable or None
            Called in the same transaction, so that a job's result and its variants are one.

        Returns
        -------
        sequence of Variant
            The same, by the names that they got, their weight files being the workspace's own.

        Raises
        ------
        DamagedModelError
            If a weight file is not the one that the variant's digest names.
        ModelRefusedError
            If a name can't be, or the chosen one is taken.
        StorageLimitError, WorkspaceError
            If they do not fit under the limit, or on the disk.
        """
        for variant in variants:
            check_name(variant)
            variant.check_weights()
        with self._blobs.changing(*{variant.digest for variant in variants}):
            missing = [variant for variant in variants if not self._blobs.path(variant.digest).exists()]
            if missing:
                self._blobs.check_room(variants[-1].full_name, sum(variant.size_bytes for variant in missing))
            try:
                for variant in missing:
                    self._blobs.add(variant.weights)
                with self._database.write() as connection:
                    kept = [
                        self._keep(connection, variant, chosen=chosen and variant is variants[-1])
                        for variant in variants
                    ]
                    if also is not None:
                        also(connection, kept)
            except BaseException:
                for variant in missing:
                    with suppress(WorkspaceError):  # whatever remains, the next one to open the workspace sweeps
                        self._free(variant.digest)
                raise
        return kept

    def check_chosen(self, name: str, source: Variant, steps: Sequence[Mapping[str, Any]]) -> None:
        """Refuse a name for a variant that is to be made, before the work rather than after it.

        Parameters
        ----------
        name : str
            What somebody wants to call it.
        source : Variant
            What it is made of.
        steps : sequence of mapping
            The passes that make it; what they made before may be there under that name.

        Raises
        ------
        ModelRefusedError
            If the name can't be, or is another variant's.
        """
        wanted = replace(source, name=name)
        check_name(wanted)
        for variant in self.list(source.card.name):
            if variant.name == name and asked_of(variant.steps) != asked_of([*source.steps, *steps]):
                raise taken(wanted)

    def put(self, variant: Variant) -> Variant:
        """Keep a variant that comes with Vibench, storage limit or not; one of the same name gives it its place.

        Raises
        ------
        DamagedModelError, ModelRefusedError, WorkspaceError
            As `add_all`.
        """
        check_name(variant)
        variant.check_weights()
        this_name = (table.c.network == variant.card.name) & (table.c.name == variant.name)
        with self._blobs.changing(variant.digest):
            self._blobs.add(variant.weights)
            with self._database.write() as connection:
                replaced = connection.scalar(select(table.c.digest).where(this_name))
                connection.execute(delete(table).where(this_name))
                connection.execute(insert(table).values(values_of(variant)))
        if replaced is not None:
            with self._blobs.changing(replaced):
                self._free(replaced)
        return self._variant(variant.describe(), variant.digest)

    def remove(self, full_name: str) -> None:
        """Remove a variant for good; those made from it stay, though what they were made from is kept no longer.

        Raises
        ------
        ModelNotFoundError
            If there is none of that name; a network's alone is not enough.
        """
        network, _, name = full_name.partition("/")
        this_name = (table.c.network == network) & (table.c.name == name)
        with self._database.read() as connection:
            digest = connection.scalar(select(table.c.digest).where(this_name))
        if digest is None:
            raise ModelNotFoundError(full_name, [variant.full_name for variant in self.list()])
        with self._blobs.changing(digest):
            with self._database.write() as connection:
                connection.execute(delete(table).where(this_name & (table.c.digest == digest)))
            self._free(digest)

    def _keep(self, connection: Connection, variant: Variant, *, chosen: bool) -> Variant:
        """Return the variant as it is kept, under a name of its own, or the one that is the same."""
        query = select(table.c.name, table.c.digest, table.c.description).where(table.c.network == variant.card.name)
        rows = {row.name: row for row in connection.execute(query)}
        same = [name for name, row in rows.items() if row.digest == variant.digest and is_of(variant, row.description)]
        if chosen and variant.name in rows and variant.name not in same:
            raise taken(variant)
        if same and (variant.name in same or not chosen):
            name = variant.name if variant.name in same else same[0]
            return self._variant(rows[name].description, variant.digest)
        values = values_of(replace(variant, name=free_name(variant.name, rows)))
        connection.execute(insert(table).values(values))
        return self._variant(values["description"], variant.digest)

    def _free(self, digest: str) -> None:
        """Free the space of a blob that no row names, inside `BlobStore.changing`."""
        if not self._database.names_blob(digest):
            self._blobs.delete(digest)

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


def taken(variant: Variant) -> ModelRefusedError:
    """Return the error that a variant's name is another's."""
    reason = "another variant has that name already; choose another name, or remove that one"
    return ModelRefusedError(variant.full_name, reason)


def asked_of(steps: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    """Return what was asked of each step; what it took and changed is told of the same step differently each time."""
    return [(step.get("pass"), step.get("parameters")) for step in steps]


def is_of(variant: Variant, description: Mapping[str, Any]) -> bool:
    """Whether a description with the same digest is of the same variant: run by the same backend, on the same card."""
    return bool(description["backend"] == variant.backend and ModelCard.from_json(description["card"]) == variant.card)
