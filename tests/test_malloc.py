"""malloc tuning, in a process of its own: freed memory stays for a while."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import threading
import numpy as np
from pipeline.runtime import malloc

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def use():
    np.ones(2**25).sum()  # 256 MB

def generate():
    before = resident()
    with malloc.retain_freed_memory():
        use()
        malloc.trim()  # as the check of another visitor's request does
        print((resident() - before) // 2**20)
    print((resident() - before) // 2**20)
    malloc._later.join()
    print((resident() - before) // 2**20)

malloc.RETAINED_SECONDS = 0.5
malloc.RETAINED_SHARE = float(sys.argv[1])
malloc.use_single_arena()
thread = threading.Thread(target=generate)
thread.start()
thread.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is tuned")
@pytest.mark.parametrize(("share", "is_retained"), [("0", False), ("1", True)])
def test_freed_memory_is_retained_meanwhile_and_trimmed_unless_it_is_little(share: str, is_retained: bool) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, share], capture_output=True, text=True, check=True)
    meanwhile, afterwards, later = map(int, done.stdout.split())
    assert meanwhile >= 250
    assert afterwards >= 250 if is_retained else afterwards < 20
    assert later < 20
