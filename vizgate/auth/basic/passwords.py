"""Argon2, in threads: a check takes a tenth of a second and 64 MiB.

In: ``Passwords``, ``hash_password``. Not in: whose password it is (``auth.basic.authenticator``). The only module that
imports ``argon2``.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from vizgate.errors import VizgateError

_TAIL = re.compile(r"\$[^$]+\$[^$]+$")


class PasswordsMissing(VizgateError):
    """The library that checks passwords is not installed."""


class Passwords:
    """Checks passwords, at most *concurrency* at a time; the others wait. Raises: PasswordsMissing."""

    def __init__(self, concurrency: int) -> None:
        self._argon2 = _argon2()
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="vizgate-passwords")

    async def is_right(self, password_hash: str, password: str) -> bool:
        """Whether *password* is the one behind *password_hash*."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._verify, password_hash, password)

    def _verify(self, password_hash: str, password: str) -> bool:
        argon2 = self._argon2
        try:
            return bool(argon2.PasswordHasher().verify(password_hash, password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def close(self) -> None:
        """Begin no check any more; those that run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def decoy_of(password_hash: str) -> str:
    """A hash that costs as much to check as *password_hash*, and is no password's."""
    return _TAIL.sub(lambda match: re.sub(r"[^$]", "A", match.group()), password_hash)


def hash_password(password: str) -> str:
    """What ``password_hash`` says about *password* in the YAML. Raises: PasswordsMissing."""
    return str(_argon2().PasswordHasher().hash(password))


def _argon2() -> ModuleType:
    try:
        import argon2
        import argon2.exceptions
    except ImportError:
        raise PasswordsMissing("passwords need argon2-cffi. Install vizgate[passwords]") from None
    return argon2
