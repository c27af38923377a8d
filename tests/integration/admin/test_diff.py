"""``vizgate diff --running``: a file against what a gateway serves that runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.integration.admin.bench import CONFIG, serving
from vizgate.cli.main import main

TOKEN = "s3cret-s3cret-s3cret"


async def test_running_gateway_is_compared_with_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it serves by and what the file says; which requests go another way; and 0 for the same."""
    async with serving(admin_token=TOKEN) as bench:
        assert bench.gateway.admin_address is not None
        address = f"127.0.0.1:{bench.gateway.admin_address[1]}"

        async def run(document: dict[str, object], *more: str) -> tuple[int, str, str]:
            file = tmp_path / "vizgate.yaml"
            file.write_text(json.dumps(document))
            code = await asyncio.to_thread(main, ["diff", str(file), "--running", *more])
            return code, *capsys.readouterr()

        server = {**CONFIG["server"], "admin_token": TOKEN}
        same = {**CONFIG, "server": server}
        reach = ("--admin", address, "--token", TOKEN)
        code, out, err = await run(same, *reach)
        assert (0, "") == (code, err), out
        assert out.startswith("the gateway and ")
        other = {**same, "routes": [*CONFIG["routes"], {"match": {"path": "/x"}, "respond": {"status": 204}}]}
        code, out, _ = await run(other, *reach)
        assert 1 == code
        assert out == (
            "+ routes['/x']: {name: /x, match: {path: /x}, respond: {status: 204}}\n\n"
            "Requests that go another way:\n  GET /x: all -> /x\n  POST /x: all -> /x\n"
        )
        code, out, _ = await run(other, *reach, "--json")
        assert [{"request": "GET /x", "old": "all", "new": "/x"}] == json.loads(out)["moves"][:1]
        code, out, err = await run(same, "--admin", address, "--token", "wrong")
        assert (2, "") == (code, out)
    # Nobody is there any more; and without --admin the file says where.
    code, out, err = await run(same, *reach)
    assert (4, "") == (code, out)
    code, out, err = await run({**same, "server": {**server, "admin": address}})
    assert (4, "") == (code, out)
    assert f"no gateway answers at {address}" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("a.yaml",), "write OLD and NEW, or --running"),
     (("a.yaml", "b.yaml", "--running"), "OLD and --running exclude each other")],
)  # fmt: skip
def test_running_stands_for_one_of_the_two(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage is told."""
    assert 2 == main(["diff", *arguments])
    assert message in capsys.readouterr().err
