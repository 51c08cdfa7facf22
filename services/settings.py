"""Where things are: everything that differs between one installation and another, from LEADLEDGER_* variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.postgres import default_folder


def _well_formed(dsn: str) -> str:
    """An address that PostgreSQL's own library can read; it may hold a password, so it is never repeated."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise ValueError("no address of a PostgreSQL; write it as postgresql://user:password@host:5432/name") from None
    return dsn


def _from_everywhere(path: Path) -> Path:
    """The same file, wherever a process of ours happens to stand."""
    return path.expanduser().resolve()


Dsn = Annotated[str, AfterValidator(_well_formed)]
Place = Annotated[Path, AfterValidator(_from_everywhere)]


class Settings(BaseSettings):
    """Read once when a process starts."""

    model_config = SettingsConfigDict(
        env_prefix="LEADLEDGER_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    home: Place = Field(default_factory=default_folder, description="Data of the embedded server, and the vault's key.")
    dsn: Dsn | None = Field(default=None, description="PostgreSQL for the API; the embedded server, if left out.")
    projector_dsn: Dsn | None = Field(default=None, description="PostgreSQL for the projector; `dsn`, if left out.")
    owner_dsn: Dsn | None = Field(default=None, description="Who may install the schema; `dsn`, if left out.")
    vault_key_file: Place | None = Field(default=None, description="The key that PostgreSQL never sees.")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    log_level: str = "info"
    public_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Under which people and the SMS gateway reach the API."
    )
    smtp_host: str | None = Field(default=None, description="The mail server; without one nothing goes by mail.")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_ca_file: Place | None = Field(default=None, description="Whose certificate the mail server may have besides.")
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str | None = Field(default=None, description="Leadledger <leadledger@example.com>")
    sms_url: str = Field(default="https://api.twilio.com", pattern=r"^https?://")
    sms_account: str | None = Field(default=None, description="The account's SID; without it no text message is sent.")
    sms_token: SecretStr | None = None
    sms_from: str | None = Field(default=None, description="A number, a name, or the SID of a messaging service.")
    templates: Place | None = Field(default=None, description="Where your own words for notices lie.")
    emails_a_day: int = Field(default=50, ge=0, description="So many notices a person gets by mail in 24 hours.")
    texts_a_day: int = Field(default=10, ge=0, description="So many a person gets by text message in 24 hours.")

    @property
    def sends_notices(self) -> bool:
        """Whether anything is named that notices could be sent by."""
        return bool(self.smtp_host or self.sms_account)

    @property
    def vault_key(self) -> Path:
        """Where the vault's key lies."""
        return self.vault_key_file or self.home / "vault.key"


class NoDatabase(Exception):
    """No database is named: set LEADLEDGER_DSN, or start everything with `leadledger up`."""


def as_role(dsn: str | None, role: str) -> str:
    """The address under which a process acts in one role and no other. Raises NoDatabase."""
    if dsn is None:
        raise NoDatabase(NoDatabase.__doc__)
    options = str(conninfo_to_dict(dsn).get("options") or "")
    return make_conninfo(dsn, options=f"{options} -c role={role}".strip(), application_name=role)
