"""Every setting of the service, from environment variables `TANDEM_...` or a `.env` file. Unsafe ones are refused."""

from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_DEVELOPMENT_PEPPER = "development-only-pepper"
_SHORTEST_PEPPER = 32
_NOWHERE = "localhost"


class Settings(BaseSettings):
    """Defaults run one machine: SQLite, one API process, one worker."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", env_file=".env", extra="ignore")

    environment: Literal["development", "production"] = "development"
    database_url: str = Field(
        "sqlite:///var/tandem.db",
        description="SQLAlchemy address: `sqlite:///path` or `postgresql+psycopg://user:password@host/name`.",
    )
    key_pepper: SecretStr = Field(
        SecretStr(_DEVELOPMENT_PEPPER),
        description="Secret that API keys are hashed with; at least 32 characters outside development. "
        "Changing it makes every key invalid.",
    )
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_body_bytes: int = Field(1_048_576, ge=1, description="Largest JSON body, except imports.")
    max_import_bytes: int = Field(67_108_864, ge=1, description="Largest import.")
    rate_limit_per_minute: int = Field(6000, ge=1, description="Requests of one key a minute, in each API process.")
    rate_limit_failures_per_minute: int = Field(
        60, ge=1, description="Requests without an accepted key a minute from one address, in each API process."
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="What Prometheus sends as bearer token to read /metrics. Without one the figures are open in "
        "development and closed in production.",
    )
    max_import_unpacked_bytes: int = Field(
        268_435_456, ge=1, description="Largest import once it is unpacked, when it comes as gzip."
    )
    lease_seconds: float = Field(
        60.0,
        gt=0,
        description="How long a job belongs to a worker that is not heard of. Longer than the longest step that "
        "cannot be interrupted: exact pairing takes about 8 s for 100,000 communities of capacity 1, a minute for "
        "15,000 of capacity 3.",
    )
    dictionary: FilePath | None = Field(
        None,
        description="A German-English dictionary of your own in the format of Ding (as Debian's trans-de-en), beside "
        "the shipped lexicon. Rounds and discovery read it; the same for all processes. Changing it changes what a "
        "further run of a round finds, and the worker reads all communities anew for discovery.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Where people reach the service, without a slash at the end: links in messages begin with it.",
        pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$",
    )
    smtp_host: str | None = Field(None, description="Without one, mails land as files in `mail_folder`.")
    smtp_port: int | None = Field(None, ge=1, le=65535, description="587, 465 or 25, by `smtp_tls`, when not said.")
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = Field(
        f"C3 Tandem <c3-tandem@{_NOWHERE}>", description="Whom mails are from: `Name <address>`, or an address."
    )
    mail_folder: Path = Field(Path("var/mail"), description="Where mails land as .eml files without an SMTP server.")
    webhook_private_targets: bool = Field(
        False, description="Lets webhooks go to private and local addresses, for development and closed networks."
    )
    archive_unconfirmed_days: int = Field(
        365, ge=183, description="A community is archived when nobody has confirmed it for so many days."
    )
    keep_unanswered_suggestions_days: int = Field(
        90, ge=1, description="What a suggestion and its answers say is kept so long after it ended without a tandem."
    )
    keep_closed_tandems_days: int = Field(
        365, ge=1, description="Minutes, places and words of a tandem are kept so long after its end."
    )
    keep_messages_days: int = Field(
        90,
        ge=60,
        description="Which message was sent when is kept so long; shorter, and something might be said twice.",
    )
    keep_snapshots_days: int = Field(400, ge=1, description="Texts of a round are kept so long after it ended.")
    keep_registrations_days: int = Field(
        90,
        ge=61,
        description="Who came to a meetup is kept so long after it, unless the person wants to be kept; for 60 days "
        "people can say how it was.",
    )
    keep_unconfirmed_days: int = Field(
        2, ge=1, description="A registration on the public page whose address nobody confirms is kept so long."
    )
    keep_imports_days: int = Field(180, ge=1, description="What an import reported is kept so long.")
    keep_records_days: int = Field(
        730,
        ge=90,
        description="Records of what happened and of background work are kept so long; they hold ids only.",
    )
    least_group: int = Field(
        5,
        ge=3,
        description="Figures about what people have said are told for at least so many sides, of three companies.",
    )
    poll_seconds: float = Field(0.5, gt=0, description="How often an idle worker looks for work.")
    worker_silent_seconds: float = Field(30.0, gt=0, description="/readyz misses a worker after this long.")

    @model_validator(mode="after")
    def refuse_unsafe(self) -> Self:
        if self.environment == "production" and len(self.key_pepper.get_secret_value()) < _SHORTEST_PEPPER:
            raise ValueError("set TANDEM_KEY_PEPPER to at least 32 random characters, e.g. `openssl rand -hex 32`")
        user, _, domain = parseaddr(self.mail_from)[1].rpartition("@")
        if not user or not domain or (self.smtp_host is not None and domain == _NOWHERE):
            raise ValueError("set TANDEM_MAIL_FROM to the address that mails are from, e.g. `C3 Tandem <tandem@...>`")
        if self.smtp_password is not None and self.smtp_tls == "none" and self.environment == "production":
            raise ValueError("set TANDEM_SMTP_TLS to `starttls` or `tls`: the password would be sent readable")
        return self

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
