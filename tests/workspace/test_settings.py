import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SettingsError
from workspace.settings import PREFIX, Settings, is_loopback, load_settings, plain_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """An empty folder and no VIBENCH_ variable, whatever the shell that runs the tests has."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_example_file_with_its_help_and_default(name):
    field = Settings.model_fields[name]
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()

    (place,) = [number for number, line in enumerate(lines) if line.startswith(f"#{PREFIX}{name.upper()}=")]

    assert lines[place - 1] == f"# {field.description}"
    default = "" if field.default in (None, ()) else str(field.default)
    assert lines[place].partition("=")[2] == default


def test_the_example_file_itself_can_be_used(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace(f"#{PREFIX}", PREFIX)
    (tmp_path / ".env").write_text(text, encoding="utf-8")

    assert load_settings() == Settings(_env_file=None)


def test_without_anything_set_it_listens_on_loopback_only():
    settings = load_settings()

    assert (settings.host, settings.port, settings.token) == ("127.0.0.1", 8050, None)
    assert settings.workspace == Path.home() / ".local/share/vibench"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "vibench.example.org", ""])
def test_on_any_other_address_it_refuses_without_a_token(host):
    with pytest.raises(SettingsError, match=r"without a token.*set VIBENCH_TOKEN"):
        load_settings(host=host)

    assert load_settings(host=host, token="long and random").host == host


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_token_is_none(monkeypatch, blank):
    monkeypatch.setenv("VIBENCH_TOKEN", blank)

    with pytest.raises(SettingsError, match="without a token"):
        load_settings(host="0.0.0.0")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.4.2", "::1", "localhost"])
def test_loopback_needs_no_token(host):
    assert load_settings(host=host).token is None


@given(st.ip_addresses())
def test_an_address_is_loopback_only_in_its_own_network(address):
    assert is_loopback(str(address)) == address.is_loopback


def test_the_environment_stands_above_the_file_and_arguments_above_both(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("VIBENCH_PORT=1\nVIBENCH_THREADS=2\nVIBENCH_SESSIONS=3\n", encoding="utf-8")
    monkeypatch.setenv("VIBENCH_THREADS", "5")
    monkeypatch.setenv("VIBENCH_SESSIONS", "6")

    settings = load_settings(sessions=7, host=None)

    assert (settings.port, settings.threads, settings.sessions, settings.host) == (1, 5, 7, "127.0.0.1")


def test_hosts_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("VIBENCH_ALLOWED_HOSTS", "vibench.example.org, lab-pc,")

    assert load_settings().allowed_hosts == ("vibench.example.org", "lab-pc")


def test_a_value_that_cannot_be_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setenv("VIBENCH_PORT", "eighty")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert str(refused.value).startswith("VIBENCH_PORT can't be 'eighty': input should be a valid integer")


def test_a_misspelt_setting_in_the_file_is_not_passed_over(tmp_path):
    (tmp_path / ".env").write_text("TORCH_INDEX=\nVIBENCH_TOKN=secret\n", encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert str(refused.value) == "VIBENCH_TOKN in .env is no setting of Vibench; VIBENCH_TOKEN is meant, perhaps."


def test_secrets_are_not_shown():
    settings = load_settings(token="swordfish", database_url="postgresql://u:swordfish@db/v")

    assert "swordfish" not in f"{settings!r} {settings} {settings.model_dump()}"
    with pytest.raises(SettingsError) as refused:
        load_settings(token=["swordfish"])
    assert "swordfish" not in str(refused.value)


def test_workspace_may_begin_at_home():
    assert load_settings(workspace="~/machines").workspace == Path.home() / "machines"


def test_settings_reach_a_child_whole_and_as_plain_json():
    settings = load_settings(token="t", database_url="sqlite:///x", allowed_hosts="a.example,b.example", port=9)

    plain = json.loads(json.dumps(plain_settings(settings)))

    assert (plain["token"], plain["database_url"]) == ("t", "sqlite:///x")
    assert load_settings(**plain) == settings
    assert load_settings(**plain_settings(load_settings())) == load_settings()
