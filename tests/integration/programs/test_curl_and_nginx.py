"""Between curl and nginx: the client and the server that most requests come from and go to."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest
import trustme

from tests.integration.programs.conftest import FILE_BYTES, Curl, Nginx, serving

pytestmark = pytest.mark.system


def to(nginx: Nginx) -> str:
    """Services and routes that send everything to *nginx*."""
    services = f"services: {{files: {{targets: ['http://127.0.0.1:{nginx.port}']}}}}"
    return f"{services}\nroutes: [{{match: {{path: /*}}, service: files}}]"


async def test_file_through_gateway_is_the_same_file(nginx: Nginx, curl: Curl) -> None:
    """Every byte of a file arrives, in order."""
    async with serving(to(nginx)) as url:
        assert (nginx.folder / "files" / "file").read_bytes() == await curl(f"{url}/file")


async def test_chunked_and_compressed_body_stays_as_it_is(nginx: Nginx, curl: Curl) -> None:
    """A compressed body of unknown length is passed on with its coding; the gateway does not look inside."""
    async with serving(to(nginx)) as url:
        body = await curl("-H", "Accept-Encoding: gzip", f"{url}/text.txt")
    assert gzip.decompress(body) == (nginx.folder / "files" / "text.txt").read_bytes()


async def test_head_has_the_length_and_no_body(nginx: Nginx, curl: Curl) -> None:
    """HEAD tells how long the body of GET would be."""
    async with serving(to(nginx)) as url:
        head = await curl("--head", f"{url}/file")
    assert f"content-length: {FILE_BYTES}" in head.decode().lower()


async def test_range_gets_its_part(nginx: Nginx, curl: Curl) -> None:
    """A range request and its 206 are between client and upstream."""
    async with serving(to(nginx)) as url:
        answer = await curl("--include", "--range", "256-259", f"{url}/file")
    assert answer.startswith(b"HTTP/1.1 206")
    assert answer.endswith(b"\r\n\r\n\x00\x01\x02\x03")


async def test_http_1_0_client_is_served(nginx: Nginx, curl: Curl) -> None:
    """A client of the old version gets its answer, without chunks."""
    async with serving(to(nginx)) as url:
        assert (nginx.folder / "files" / "text.txt").read_bytes() == await curl("--http1.0", f"{url}/text.txt")


async def test_upstream_sees_method_path_and_client(nginx: Nginx, curl: Curl) -> None:
    """The path travels as it came, and what the client claims about itself does not."""
    async with serving(to(nginx)) as url:
        seen = await curl("--path-as-is", "-X", "DELETE", "-H", "X-Forwarded-For: 6.6.6.6", f"{url}/seen/a%20b?c=%2F")
    assert seen == b"DELETE /seen/a%20b?c=%2F 127.0.0.1"


async def test_upload_that_expects_continue_arrives(curl: Curl, tmp_path: Path) -> None:
    """A client that waits for 100 (Continue) before it sends a body gets it."""
    upload = tmp_path / "upload"
    upload.write_bytes(b"x" * 2_000_000)
    async with serving("services: {echo: {builtin: echo}}\nroutes: [{match: {path: /*}, service: echo}]") as url:
        answer = await curl("-H", "Expect: 100-continue", "--expect100-timeout", "10", "-T", str(upload), f"{url}/up")
    assert json.loads(answer)["body_length"] == 2_000_000


async def test_restart_of_upstream_is_not_seen(nginx: Nginx, curl: Curl) -> None:
    """Kept connections that a restart has closed cost a client nothing."""
    async with serving(to(nginx)) as url:
        await asyncio.gather(*[curl(f"{url}/seen") for _ in range(5)])
        await nginx.stop()
        await nginx.start()
        answers = await asyncio.gather(*[curl(f"{url}/seen") for _ in range(5)])
    assert [b"GET /seen 127.0.0.1"] * 5 == answers


async def test_tls_upstream_with_known_authority_is_served(
    nginx: Nginx, curl: Curl, authority: trustme.CA, tmp_path: Path
) -> None:
    """A certificate of an authority that the service names is good."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    target = f"targets: ['https://127.0.0.1:{nginx.tls_port}'], tls: {{ca: '{tmp_path / 'ca.pem'}'}}"
    async with serving(f"services: {{s: {{{target}}}}}\nroutes: [{{match: {{path: /*}}, service: s}}]") as url:
        assert await curl(f"{url}/seen") == b"GET /seen 127.0.0.1"


async def test_tls_upstream_with_unknown_authority_is_502(nginx: Nginx, curl: Curl) -> None:
    """A certificate that nobody vouches for is as good as no connection, and the answer does not say why."""
    target = f"targets: ['https://127.0.0.1:{nginx.tls_port}']"
    async with serving(f"services: {{s: {{{target}}}}}\nroutes: [{{match: {{path: /*}}, service: s}}]") as url:
        answer = await curl("--include", f"{url}/seen")
    assert answer.startswith(b"HTTP/1.1 502")
    assert b"certificate" not in answer.lower()
