"""What is freed stays with the process, for all its threads: a second block of the same size costs no new pages."""

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told")

BLOCK_BYTES = 20 * 2**20

SECOND_BLOCK = f"""
import ctypes, resource, sys
from pipelines.memory import keep_freed_memory

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


@pytest.mark.parametrize(("mode", "most"), [("keep", 50), ("give back", 2 * BLOCK_BYTES // 4096)])
def test_a_second_block_costs_no_pages_where_the_first_was_kept(mode, most):
    told = subprocess.run([sys.executable, "-c", SECOND_BLOCK, mode], capture_output=True, text=True, check=True)
    assert int(told.stdout) <= most
    assert mode == "keep" or int(told.stdout) > 1_000, "there is nothing to keep: the module does no good here"


PLACES = """
import ctypes, sys, threading
from pipelines.memory import keep_freed_memory

libc = ctypes.CDLL(None)
if sys.argv[1] == "few":
    keep_freed_memory()
together = threading.Barrier(8)

def allocate():
    together.wait()
    libc.malloc(ctypes.c_size_t(100_000))
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
"""


@pytest.mark.parametrize(("mode", "least", "most"), [("few", 1, 2), ("as it comes", 5, 100)])
def test_threads_share_few_places(mode, least, most):
    told = subprocess.run([sys.executable, "-c", PLACES, mode], capture_output=True, text=True, check=True)
    assert least <= told.stdout.count("<heap nr=") <= most


HOLES = """
import ctypes
from pipelines.memory import give_back_freed_memory, keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
keep_freed_memory()

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 // 10**6

def filled(size):
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    libc.memset(block, 1, ctypes.c_size_t(size))
    return block

blocks = [(filled(1_000_000), filled(100)) for _ in range(100)]
for large, _ in blocks:
    libc.free(large)
kept = resident_mb()
give_back_freed_memory()
print(kept - resident_mb())
"""


def test_what_is_free_between_what_is_in_use_is_given_back():
    told = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(told.stdout) >= 90
