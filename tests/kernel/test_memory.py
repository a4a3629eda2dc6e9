"""What is freed stays with the process: a second block of the same size costs no new pages."""

import platform
import subprocess
import sys

import pytest

BLOCK_BYTES = 20 * 2**20

SECOND_BLOCK = f"""
import ctypes, resource, sys
from pipelines.kernel.memory import keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t({BLOCK_BYTES})))
    libc.memset(block, 1, ctypes.c_size_t({BLOCK_BYTES}))
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "keep":
    keep_freed_memory()
pages()
print(pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told")
@pytest.mark.parametrize(("mode", "most"), [("keep", 50), ("give back", 2 * BLOCK_BYTES // 4096)])
def test_a_second_block_costs_no_pages_where_the_first_was_kept(mode, most):
    told = subprocess.run([sys.executable, "-c", SECOND_BLOCK, mode], capture_output=True, text=True, check=True)
    assert int(told.stdout) <= most
    assert mode == "keep" or int(told.stdout) > 1_000, "there is nothing to keep: the module does no good here"
