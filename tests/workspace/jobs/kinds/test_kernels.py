from workspace.jobs.kinds import kernels
from workspace.kernels import keep, kept_kernels, place_of


def test_the_kernels_are_measured_alone_once_and_kept(network, run_job, kernel_table, monkeypatch):
    asked = []
    monkeypatch.setattr("workspace.kernels.measured_kernels", lambda progress: asked.append(progress) or kernel_table)

    job = run_job(network.jobs.submit("kernels", {}).job)

    assert (job.title, job.subject, job.alone) == ("Measure the kernels", "of this machine", True)
    assert job.result["kernels"] == len(kernel_table.kernels)
    assert kept_kernels(network.folder) == kernel_table
    assert network.jobs.submit("kernels", {}).found
    assert len(asked) == 1


def test_a_table_that_is_lost_is_measured_again(network, kernel_table):
    assert not kernels.still_there(network, {})

    keep(kernel_table, place_of(network.folder))

    assert kernels.still_there(network, {})
