"""Every setting of Vibench, each with its default and one line of help; nothing else reads the environment."""

import ipaddress
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from engine.errors import SettingsError
from engine.readers.limits import Limits

PREFIX = "VIBENCH_"
ENV_FILE = Path(".env")
GIB = 2**30
MIB = 2**20


class Settings(BaseSettings):
    """What a user may set, as ``VIBENCH_NAME`` in the environment or in the file ``.env`` where Vibench starts."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; any but loopback needs a token.")
    port: int = Field(8050, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workspace: Path = Field(
        Path("~/.local/share/vibench"), description="Folder in which recordings, variants and the database are kept."
    )
    token: SecretStr | None = Field(None, description="What a browser or program must show to be let in.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Further names under which browsers reach this server, separated by commas."
    )
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy address of the database; SQLite in the workspace when left out."
    )
    upload_limit_bytes: int = Field(2 * GIB, gt=0, description="Largest file that may be uploaded, in bytes.")
    upload_expiry_s: int = Field(
        24 * 3600, gt=0, description="Seconds after which an upload that nobody continues is removed."
    )
    storage_limit_bytes: int = Field(
        100 * GIB, gt=0, description="Bytes that recordings and variants may take together; caches come on top."
    )
    reader_memory_bytes: int = Field(
        4 * GIB, ge=512 * MIB, description="Memory that the child process reading one file may take, in bytes."
    )
    reader_time_s: int = Field(60, gt=0, description="Seconds of computing that reading one file may take.")
    sessions: int = Field(4, gt=0, description="Variants kept loaded at the same time.")
    threads: int = Field(1, gt=0, description="Processor threads that each loaded variant computes with.")
    queued_jobs_limit: int = Field(100, gt=0, description="Jobs that may wait at the same time.")
    jobs_at_once: int = Field(
        1, gt=0, description="Jobs that run at the same time; one that measures always runs alone."
    )
    job_time_limit_s: int = Field(4 * 3600, gt=0, description="Seconds after which a job is ended.")
    log_format: Literal["console", "json"] = Field(
        "console", description="How log lines look: console for people, json for programs."
    )

    @property
    def reader_limits(self) -> Limits:
        """What the child that reads one file is given; waiting for the disk may take twice as long as computing."""
        return Limits(self.reader_memory_bytes, self.reader_time_s, wall_s=3.0 * self.reader_time_s)

    @field_validator("workspace")
    @classmethod
    def _resolve_workspace(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("token", "database_url")
    @classmethod
    def _empty_is_unset(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret is not None and secret.get_secret_value().strip() else None

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, hosts: object) -> object:
        return tuple(host.strip() for host in hosts.split(",") if host.strip()) if isinstance(hosts, str) else hosts

    @model_validator(mode="after")
    def _refuse_strangers(self) -> Self:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"Vibench does not listen on {self.host or 'every address'} without a token, because anybody there "
                f"could use it: set {PREFIX}TOKEN to a long random text, or listen on 127.0.0.1."
            )
        return self


def load_settings(**overrides: Any) -> Settings:
    """Return the settings from the environment and ``.env``, with those of ``overrides`` that are not ``None`` on top.

    Raises
    ------
    SettingsError
        If a value can't be, ``.env`` names a setting that does not exist, or listening would be unsafe.
    """
    for name in dotenv_values(ENV_FILE) if ENV_FILE.is_file() else ():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in Settings.model_fields:
            raise SettingsError(f"{name} in {ENV_FILE} is no setting of Vibench{suggestion(name)}.")
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(sentence(error)) from error


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain JSON, secrets included: for a child's standard input, never for a log."""
    secrets = {name: getattr(settings, name) for name in ("token", "database_url")}
    return settings.model_dump(mode="json") | {
        name: secret and secret.get_secret_value() for name, secret in secrets.items()
    }


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach ``host``; a name other than localhost is not taken as such."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def suggestion(name: str) -> str:
    """Return the setting that a misspelt ``name`` comes closest to, as the end of a sentence."""
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    nearest = get_close_matches(name, known, n=1)
    return f"; {nearest[0]} is meant, perhaps" if nearest else ""


def sentence(error: ValidationError) -> str:
    """Return the first thing wrong with the settings as one sentence that holds no secret."""
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    value = "" if name in {"token", "database_url"} else f" {first['input']!r}"
    return f"{PREFIX}{name.upper()} can't be{value}: {first['msg'][0].lower()}{first['msg'][1:]}."
