"""What the YAML may say about targets in Kubernetes.

In: settings. Not in: asking its API (``discovery.kubernetes.source``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.extension.kinds.discovery import DiscoveryConfig
from vizgate.extension.values.fields import ExistingFile, Integer, NewFile, PositiveDuration, SecretField
from vizgate.extension.values.urls import HttpUrl

_LABEL = r"^[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?$"
#: Where a pod finds who it is.
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

PortName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9\-]{0,13}[a-z0-9])?$")]
PortNumber = Annotated[Integer, Field(ge=1, le=65_535)]


class KubernetesDiscoveryConfig(DiscoveryConfig):
    """``kind: kubernetes``: the pods behind a service of Kubernetes, by its EndpointSlices."""

    kind: Literal["kubernetes"] = Field(description="The EndpointSlices of a service.")
    service: Annotated[str, Field(pattern=_LABEL)] = Field(description="Name of the service.")
    namespace: Annotated[str, Field(pattern=_LABEL)] | None = Field(
        default=None, description="Where it is. Default: the namespace that the gateway runs in."
    )
    port: PortNumber | PortName | None = Field(
        default=None, description="Name or number of the pods' port. Default: the only one there is."
    )
    scheme: Literal["http", "https"] = Field(
        default="http", description="How pods are spoken to. Their certificates must be for `SERVICE.NAMESPACE.svc`."
    )
    family: Literal["IPv4", "IPv6"] | None = Field(
        default=None, description="Which addresses of pods. Default: IPv4 where there are some, else IPv6."
    )
    url: HttpUrl | None = Field(default=None, description="Of the API server. Default: that of the cluster around.")
    token: SecretField | None = Field(default=None, description="Says who asks. Default: the service account's.")
    token_file: NewFile | None = Field(
        default=None, description="A file with it instead, read again for every question: such tokens are exchanged."
    )
    ca: ExistingFile | None = Field(
        default=None, description="PEM file of the API server's authorities. Default: the service account's."
    )
    service_account: NewFile = Field(
        default=SERVICE_ACCOUNT, description="Folder with `token`, `ca.crt` and `namespace`, as every pod has it."
    )
    watch_for: Annotated[PositiveDuration, Field(ge=1.0, le=3600.0)] = Field(
        default=120.0, description="How long one watch lasts; a connection that broke unseen is found out by its end."
    )
    timeout: PositiveDuration = Field(default=10.0, description="How long the API server may take to list.")
    # Addresses of pods are given to other pods: with the last ones kept, requests would end at strangers.
    on_empty: Literal["keep", "accept"] = Field(
        default="accept",
        description="What a service without any pod means: `accept` goes on with none, `keep` with the last ones.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.url is not None and self.namespace is None:
            raise ValueError("namespace is missing: with url nobody else says it. Add it")
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file exclude each other. Keep one of them")
        return self
