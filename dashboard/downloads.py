"""Files as their users brought them, by content; always an attachment, never a page."""

from flask import Flask, Response, abort, send_file

from workspace.workspace import Workspace


def register_downloads(server: Flask, workspace: Workspace) -> None:
    """Serve ``/blobs/SHA256`` for the recordings and the variants of the workspace."""

    @server.get("/blobs/<digest>")
    def download(digest: str) -> Response:
        name = name_of(workspace, digest)
        if name is None:
            abort(404, "Nothing in the workspace has this content.")
        # Werkzeug quotes the name and adds its RFC 5987 form; it never becomes a path.
        return send_file(
            workspace.blobs.path(digest),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=name,
            etag=digest,
            max_age=0,
        )


def name_of(workspace: Workspace, digest: str) -> str | None:
    """Return what a file of that content is called, ``None`` where no row names it, so that no stray blob is served."""
    for row in workspace.recordings.list():
        if row.sha256 == digest:
            return row.name
    for variant in workspace.variants.list():
        if variant.digest == digest:
            return f"{variant.full_name.replace('/', '-')}.{variant.format}"
    return None
