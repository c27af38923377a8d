"""What is set up for a process that only serves. What changes the process for good is tried in one of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from vizgate.gateway import process


@pytest.fixture
def authority_pair(tmp_path: Path) -> Path:
    """A certificate and its key, in one file."""
    path = tmp_path / "pair.pem"
    trustme.CA().issue_cert("a.example").private_key_and_cert_chain_pem.write_to_path(path)
    return path


def outcome_of(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_run_gives_result_on_fastest_loop():
    """The result of the coroutine comes back, and uvloop runs it where it is installed."""
    names: list[str] = []

    async def main() -> int:
        names.append(process.loop_name())
        return 7

    assert 7 == process.run(main())
    assert names in (["uvloop"], ["asyncio"])


@pytest.mark.parametrize(
    "begin",
    ["threading.Thread(target=hang).start()", "asyncio.ensure_future(asyncio.to_thread(hang))"],
)
def test_run_leaves_threads_behind_that_do_not_end(begin: str) -> None:
    """A thread of a plugin's, or one that waits for a server, keeps no process alive; the code is that of the end."""
    program = f"""
import asyncio, threading, logging
from vizgate.gateway import process
logging.basicConfig()
has_begun = threading.Event()
def hang():
    has_begun.set()
    threading.Event().wait()
async def main():
    {begin}
    while not has_begun.is_set():
        await asyncio.sleep(0)
    print("ended")
    return 7
raise SystemExit(process.run(main()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    assert (7, "ended\n") == (done.returncode, done.stdout)
    assert "a thread ignores that the process ends" in done.stderr


def test_run_waits_for_no_idle_thread() -> None:
    """Threads that have done their work are no reason to leave in a hurry."""
    program = """
import asyncio, atexit
from vizgate.gateway import process
atexit.register(print, "in order")
async def main():
    await asyncio.to_thread(print, "done")
    return 0
process.run(main())
"""
    assert "done\nin order" == outcome_of(program)


def test_settle_freezes_what_is_there_and_collects_seldom():
    """After it, what start-up has made is never looked at again."""
    program = (
        "import gc; from vizgate.gateway.process import settle; settle(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > 700, gc.isenabled())"
    )
    assert "True True True" == outcome_of(program)


def test_raise_file_limit_makes_soft_limit_the_hard_one():
    """As many files as the system allows, which thousands of connections need."""
    program = (
        "import resource as r; from vizgate.gateway.process import raise_file_limit; "
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (64, hard)); "
        "print(raise_file_limit() == hard == r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    assert "True" == outcome_of(program)


def test_names_that_are_none_leave_no_trace(authority_pair: Path) -> None:
    """A handshake that asks for bytes that are no name fails quietly; whatever else cannot be raised is written."""
    program = f"""
import ssl, sys
from vizgate.gateway.process import overlook_malformed_names
overlook_malformed_names()
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain({str(authority_pair)!r})
server.sni_callback = lambda *_: None
client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
try:
    client.wrap_bio(answered, asked, server_hostname="aaaa.example").do_handshake()
except ssl.SSLWantReadError:
    pass
hello = ssl.MemoryBIO()
hello.write(asked.read().replace(b"aaaa", bytes([255] * 4)))
try:
    server.wrap_bio(hello, answered, server_side=True).do_handshake()
except (ssl.SSLError, UnicodeDecodeError) as exc:
    print("refused")

class Broken:
    def __del__(self):
        raise ValueError("written")

Broken()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "refused" == done.stdout.strip()
    assert 1 == done.stderr.count("Traceback")
    assert "written" in done.stderr
