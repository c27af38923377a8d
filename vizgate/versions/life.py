"""What the life cycle of an API version says at one moment.

In: ``VersionLife``: the stage of a version, and the fields that tell of it, as a pure function of the dates and the
time. Not in: requests (``versions.middleware``) and the policy that versions are kept by (``versions.audit``).

Dates are days in UTC: a version is deprecated, or gone, from 00:00 UTC of its day on.

Source: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import Enum

from vizgate.message.headers import Field
from vizgate.observe.date import imf_fixdate
from vizgate.versions.config import VersionConfig

_NO_FIELDS: tuple[Field, ...] = ()
_NEVER = float("inf")


class Stage(Enum):
    """Where a version stands: ``ACTIVE``, ``DEPRECATED`` (it works, and says that it will end), ``GONE``."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    GONE = "gone"


class VersionLife:
    """One version; immutable.

        >>> life = VersionLife(VersionConfig(deprecated="2026-06-01", sunset="2026-12-01", successor="/api/v2/"))
        >>> life.stage(1_780_271_999).value, life.stage(1_780_272_000).value
        ('active', 'deprecated')

    Times are seconds since the Unix epoch. ``fields``: what tells of its end, the same in every answer.
    """

    __slots__ = ("_deprecated_s", "_gone_s", "fields")

    def __init__(self, config: VersionConfig) -> None:
        deprecated_s = _NEVER if config.deprecated is None else start_of(config.deprecated)
        self._gone_s = _NEVER if config.sunset is None else start_of(config.sunset)
        #: A version with nothing but an end tells of it from the beginning: it is there to be heard in time.
        self._deprecated_s = 0 if config.deprecated is None and config.sunset is not None else deprecated_s
        self.fields = tuple(_fields(config))

    def stage(self, now_s: float) -> Stage:
        """Where it stands at *now_s*."""
        if now_s >= self._gone_s:
            return Stage.GONE
        return Stage.DEPRECATED if now_s >= self._deprecated_s else Stage.ACTIVE


def start_of(day: date) -> int:
    """Seconds since the epoch at which *day* begins in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _fields(config: VersionConfig) -> list[Field]:
    fields: list[Field] = []
    if config.deprecated is not None:
        # RFC 9745 2.1: a Date of RFC 9651, "@" and the seconds since the epoch.
        fields.append((b"Deprecation", b"@%d" % start_of(config.deprecated)))
    if config.sunset is not None:
        fields.append((b"Sunset", imf_fixdate(start_of(config.sunset)).encode("ascii")))
    if config.successor is not None:
        fields.append(_link(config.successor, "successor-version"))
    if config.documentation is not None:
        # RFC 9745 3 and RFC 8594 6: where a reader learns what the two fields mean for this API.
        fields += [_link(config.documentation, relation) for relation in _documented(config)]
    return fields


def _documented(config: VersionConfig) -> list[str]:
    relations = {"deprecation": config.deprecated, "sunset": config.sunset}
    return [relation for relation, day in relations.items() if day is not None]


def _link(target: str, relation: str) -> Field:
    # RFC 8288 3.
    return (b"Link", f'<{target}>; rel="{relation}"'.encode("ascii"))
