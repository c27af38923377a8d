"""How many cores a process may use."""

from __future__ import annotations

import os

import pytest

from vizgate.gateway.cores import cpu_quota, usable_cores, worker_count


def test_quota_of_version_2_is_the_smallest_of_all_groups_above():
    """A group is bounded by those that it is in."""
    files = {
        "/proc/self/cgroup": "0::/pod/container\n",
        "/sys/fs/cgroup/pod/container/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
    }
    assert 1.5 == cpu_quota(lambda path: files.get(path, ""))


def test_quota_of_version_1_is_read_from_its_controller():
    """In a container its group's folder may not be there; the root is."""
    files = {
        "/proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    assert 0.5 == cpu_quota(lambda path: files.get(path, ""))


@pytest.mark.parametrize("text", ["", "max 100000", "-1 100000", "x y", "0 0", "100000"])
def test_what_is_no_quota_is_none(text: str):
    """No limit, and what nobody understands, leaves all cores."""
    files = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": text}
    assert cpu_quota(lambda path: files.get(path, "")) is None


def test_part_of_a_core_is_one_worker_and_no_quota_is_what_may_run():
    """Half a core is one worker; without a quota the affinity decides."""
    half = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000"}
    assert 1 == usable_cores(lambda path: half.get(path, ""))
    assert len(os.sched_getaffinity(0)) == usable_cores(lambda _: "")


def test_path_that_leads_out_is_the_root():
    """A group outside of what this process sees is shown with dots."""
    files = {"/proc/self/cgroup": "0::/../../x\n", "/sys/fs/cgroup/cpu.max": "200000 100000"}
    assert 2.0 == cpu_quota(lambda path: files.get(path, ""))


def test_number_of_workers_is_what_is_written_or_that_of_the_cores():
    """``auto`` is one for each core."""
    assert 3 == worker_count(3)
    assert usable_cores() == worker_count("auto")
