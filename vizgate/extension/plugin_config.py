"""Settings of a component whose class is a plugin's.

In: ``PluginConfig``. Not in: finding the class (``extension.registry``).
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import TextSource

_M = TypeVar("_M", bound=BaseModel)


class PluginConfig(ComponentConfig):
    """A component of one's own; its class says which other keys there are."""

    model_config = ConfigDict(extra="allow")

    kind: str = Field(min_length=1, description="The name of an installed plugin, or `package.module:Class`.")

    _source: TextSource | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Remember where the settings were written, for ``read``."""
        if isinstance(context, TextSource):
            self._source = context

    def read(self, model: type[_M]) -> _M:
        """The settings as *model*. Raises: pydantic.ValidationError: they do not fit."""
        return model.model_validate(dict(self.model_extra or {}), context=self._source)
