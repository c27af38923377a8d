"""What TLS costs: CPU of the gateway per proxied request in the clear, over TLS, and with a handshake for each request.

nginx with one worker is measured beside it. `python benchmarks/tls.py [--seconds 4] [--rounds 3]` wants nginx, wrk and
the packages of vizgate[test]; it listens on 127.0.0.1:19001 to 19005 and takes two minutes.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import trustme

BODY = "x" * 200
UPSTREAM = f'server {{ listen 127.0.0.1:19001; location / {{ return 200 "{BODY}"; }} }}'
PASS = 'location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }}'
PROXY = f"""
upstream up {{{{ server 127.0.0.1:19001; keepalive 64; }}}}
server {{{{ listen 127.0.0.1:19002; {PASS} }}}}
server {{{{
  listen 127.0.0.1:19003 ssl; ssl_protocols TLSv1.3; ssl_certificate {{pair}}; ssl_certificate_key {{pair}}; {PASS}
}}}}
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; {servers} }}
"""
VIZGATE = """
server:
  listen: ["127.0.0.1:19004", {{address: "127.0.0.1:19005", tls: {{cert: "{pair}"}}}}]
  admin: off
services: {{up: {{targets: ["http://127.0.0.1:19001"]}}}}
routes: [{{match: {{path: "/*"}}, service: up}}]
observe: {{access_log: off}}
"""
CASES = [
    ("kept connections, http", {"nginx": "http://127.0.0.1:19002/", "vizgate": "http://127.0.0.1:19004/"}, []),
    ("kept connections, https", {"nginx": "https://localhost:19003/", "vizgate": "https://localhost:19005/"}, []),
    (
        "one connection each, https",
        {"nginx": "https://localhost:19003/", "vizgate": "https://localhost:19005/"},
        ["-H", "Connection: close"],
    ),
]


def cpu_s(pid: int) -> float:
    """User and system time of the process *pid*."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def nginx(folder: Path, name: str, servers: str) -> subprocess.Popen:
    config = folder / f"{name}.conf"
    config.write_text(NGINX.format(folder=folder, name=name, servers=servers))
    return subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)


def worker_of(process: subprocess.Popen) -> int:
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def us_per_request(pid: int, url: str, seconds: int, extra: list[str]) -> float:
    before = cpu_s(pid)
    said = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}", *extra, url], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said:
        sys.exit(f"{url}: {said}")
    return (cpu_s(pid) - before) / int(re.search(r"(\d+) requests in", said)[1]) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, processes = Path(name), []
        folder.chmod(0o755)
        pair = folder / "pair.pem"
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pair)
        (folder / "v.yaml").write_text(VIZGATE.format(pair=pair))
        try:
            processes.append(nginx(folder, "upstream", UPSTREAM))
            processes.append(nginx(folder, "proxy", PROXY.format(pair=pair)))
            command = [str(Path(sys.executable).with_name("vizgate")), "serve", str(folder / "v.yaml")]
            processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            time.sleep(3)
            pids = {"nginx": worker_of(processes[1]), "vizgate": processes[2].pid}
            print("| CPU per request | nginx | vizgate |\n| --- | --- | --- |")
            for what, urls, extra in CASES:
                found = {who: [] for who in urls}
                for _ in range(args.rounds):
                    for who, url in urls.items():
                        found[who].append(us_per_request(pids[who], url, args.seconds, extra))
                print(
                    f"| {what} |" + "".join(f" {median(found[who]):.0f} us |" for who in ("nginx", "vizgate")),
                    flush=True,
                )
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


if __name__ == "__main__":
    main()
