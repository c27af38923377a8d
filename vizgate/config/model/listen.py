"""Where the gateway listens, and how a connection begins there.

In: ``ListenConfig`` and the settings of TLS on a listener. Not in: sockets and handshakes (``transport``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vizgate.auth.mtls.rules import CertificateRules
from vizgate.config.model.address import ListenAddressField, UnixAddress
from vizgate.config.model.base import ConfigModel, text_as
from vizgate.extension.values.fields import Duration, ExistingFile, Flag, Integer, PositiveDuration
from vizgate.message.server_names import parse_server_name


def _rules(rules: tuple[str, ...]) -> tuple[str, ...]:
    CertificateRules(rules)
    return rules


ServerName = Annotated[str, AfterValidator(parse_server_name)]


class CertificateConfig(ConfigModel):
    """One certificate that clients are shown."""

    cert: ExistingFile = Field(description="PEM file of the certificate, its intermediate authorities behind it.")
    key: ExistingFile | None = Field(default=None, description="PEM file of its key; default: it is in `cert`.")
    hosts: tuple[ServerName, ...] = Field(
        default=(), description="Names it is shown for, such as `*.example.com`. Default: the names in it."
    )


class ClientAuthConfig(ConfigModel):
    """Certificates of clients (mTLS)."""

    ca: ExistingFile = Field(description="PEM file of the authorities that sign clients' certificates.")
    mode: Literal["require", "optional"] = Field(
        default="require", description="`optional` lets clients in that show none; a bad one is refused in both."
    )
    crl: ExistingFile | None = Field(
        default=None,
        description="PEM file of the authorities' revocation lists. One that is too old refuses everybody.",
    )
    allow: Annotated[tuple[str, ...], AfterValidator(_rules)] = Field(
        default=(),
        description="Who is let in, as `spiffe:`, `dns:`, `uri:`, `email:` or `common_name:` and a name with one `*` at"
        " most. Default: whoever the authorities have signed.",
    )


class ListenTlsConfig(ConfigModel):
    """TLS to clients: one certificate, or several of which the client's wish (SNI) chooses."""

    cert: ExistingFile | None = Field(
        default=None, description="PEM file of the certificate, its intermediate authorities behind it."
    )
    key: ExistingFile | None = Field(default=None, description="PEM file of its key; default: it is in `cert`.")
    certificates: tuple[CertificateConfig, ...] = Field(
        default=(), description="Instead of `cert`: several. Clients that ask for none of their names get the first."
    )
    min_version: Literal["1.2", "1.3"] = Field(default="1.3", description="The oldest version of TLS that is spoken.")
    ciphers: str | None = Field(
        default=None, min_length=1, description="Ciphers of TLS 1.2, as OpenSSL writes them. Default: OpenSSL's choice."
    )
    client_auth: ClientAuthConfig | None = Field(default=None, description="Which certificates clients must show.")
    handshake_timeout: Annotated[PositiveDuration, Field(le=60.0)] = Field(
        default=10.0, description="Time for a handshake, and for a PROXY header before it. Over it: closed."
    )
    reload: Duration = Field(
        default=10.0, description="How often files are looked at for changes, which are then used. 0 means never."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.cert is None and not self.certificates:
            raise ValueError("has no certificate. Write cert and key")
        if self.cert is not None and self.certificates:
            raise ValueError("has both cert and certificates. Move cert to the first of certificates")
        if self.key is not None and self.cert is None:
            raise ValueError("key has no use without cert. Write it beside the cert that it belongs to")
        if self.ciphers is not None and self.min_version == "1.3":
            raise ValueError('ciphers are for TLS 1.2. Write min_version: "1.2", or remove ciphers')
        return self

    @property
    def pairs(self) -> tuple[CertificateConfig, ...]:
        """Its certificates, the default first."""
        return self.certificates if self.cert is None else (CertificateConfig(cert=self.cert, key=self.key),)


class ListenConfig(ConfigModel):
    """One address to listen on."""

    address: ListenAddressField = Field(
        description="Host and port, port 0 lets the system choose; or `unix:` and the absolute path of a socket."
    )
    tls: ListenTlsConfig | None = Field(default=None, description="TLS with certificates of the gateway's own.")
    proxy_protocol: Flag = Field(
        default=False,
        description="Whether connections begin with a PROXY header, version 1 or 2, that says who the client is. Taken"
        " from `server.trusted_proxies` alone; others are refused.",
    )
    redirect_https: Flag | Annotated[Integer, Field(ge=1, le=65535)] = Field(
        default=False,
        description="Whether requests are sent to https with 308: `true`, or the port of https if not 443.",
    )
    name: Annotated[str, Field(pattern=r"^[\x21-\x39\x3b-\x7e]{1,255}$")] | None = Field(
        default=None,
        description="The name of sockets that systemd opens instead (`FileDescriptorName=`). Without systemd it says"
        " nothing.",
    )
    mode: Annotated[str, Field(pattern=r"^0?[0-7]{3}$")] | None = Field(
        default=None, description='Permissions of the socket file, such as "0660". Default: by the umask.'
    )
    owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+(:[A-Za-z0-9_.\-]+)?$")] | None = Field(
        default=None, description="Owner of the socket file, `user` or `user:group`. Default: who runs the gateway."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.tls is not None and self.redirect_https is not False:
            raise ValueError("redirect_https has no use with tls. Write it on the listener without")
        if not isinstance(self.address, UnixAddress):
            for key in ("mode", "owner"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} is for Unix sockets. Remove it, or write address: unix:/path")
        return self


#: A ``ListenConfig``, which may be written as its address alone.
Listener = Annotated[
    ListenConfig,
    BeforeValidator(
        text_as("address", "an address such as 127.0.0.1:8080"),
        json_schema_input_type=ListenAddressField | ListenConfig,
    ),
]
