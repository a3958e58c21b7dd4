"""A workspace of its own for each test, and the dashboard on it, asked without a network."""

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from workspace.settings import Settings
from workspace.workspace import Workspace


class WholeClient(FlaskClient):
    """Reads every answer to its end, so that files which are sent get closed."""

    def open(self, *args, **kwargs):
        return super().open(*args, **{"buffered": True, **kwargs})


@pytest.fixture
def make_client(tmp_path):
    """Build the dashboard with the settings of the test, and return a client of its server."""
    opened = []

    def make(pages=(), **settings):
        chosen = Settings(workspace=tmp_path / "workspace", _env_file=None, **settings)
        workspace = Workspace.open(chosen)
        opened.append(workspace)
        server = create_app(chosen, workspace, pages).server
        server.extensions["workspace"] = workspace  # for tests that bring something
        server.test_client_class = WholeClient
        return server.test_client()

    yield make
    for workspace in opened:
        workspace.close()
