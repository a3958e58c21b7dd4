"""What the pages that show jobs need; each folder has a ``workspace`` of its own."""

import pytest
from sqlalchemy import update

from workspace.schema import job as job_table


@pytest.fixture
def finish(workspace):
    """End a job as a worker would, with a result or an error."""

    def end(job, *, result=None, error=None, state=None):
        with workspace.database.write() as connection:
            values = {"state": state or ("succeeded" if result else "failed"), "result": result, "error": error}
            values["ended_at"] = job.queued_at
            connection.execute(update(job_table).where(job_table.c.id == job.id).values(**values))
        return workspace.jobs.get(job.id)

    return end
