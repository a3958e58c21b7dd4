"""The files that make a container of Vibench; that they are well-formed is checked by ``make lint``."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_web_and_worker_are_one_image_on_one_volume(compose):
    web, worker = compose["services"]["web"], compose["services"]["worker"]

    assert web["image"] == worker["image"]
    assert web["volumes"] == worker["volumes"] == ["vibench:/data"]
    assert "vibench" in compose["volumes"]


def test_the_web_server_leaves_jobs_to_the_worker(compose):
    assert "--no-worker" in compose["services"]["web"]["command"]
    assert compose["services"]["worker"]["command"] == ["worker"]


@pytest.mark.parametrize("service", ["web", "worker"])
def test_every_service_has_limits_and_no_token_by_default(compose, service):
    described = compose["services"][service]

    assert described["mem_limit"]
    assert described["cpus"]
    assert described["environment"]["VIBENCH_TOKEN"].startswith("${VIBENCH_TOKEN:?")


def test_the_server_is_published_on_this_machine_only(compose):
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["web"]["ports"])


def test_the_image_does_not_run_as_root_and_tells_its_health():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last_stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]

    assert any(line.startswith("USER ") and line.split()[1] not in {"0", "root"} for line in last_stage)
    assert any(line.startswith("HEALTHCHECK ") for line in last_stage)
