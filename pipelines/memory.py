"""What the process keeps of the memory that a batch frees, for the next one, and for how long."""

import ctypes

# mallopt's names for its parameters, and how much to keep. The larger blocks are the largest that glibc allows.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES, _BLOCK_BYTES, _ARENAS = 256 * 2**20, 32 * 2**20, 2


def keep_freed_memory() -> None:
    """Have glibc keep what is freed, in few places; to be called before there are threads, and again does no harm.

    Given back and asked for again, it is cleared anew page by page by the kernel: a tenth of what a batch costs. And
    each of a place's threads can use it: with a place for every thread, as is usual, what one has freed is of no use to
    the others, and a process that goes on grows for an hour. Where there is no glibc, all stays as it is.
    """
    if libc := _glibc():
        libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)
        libc.mallopt(_ARENA_MAX, _ARENAS)


def give_back_freed_memory() -> None:
    """Give back what is free now; done now and then, what a peak took, and lies between what is in use, is not kept."""
    if libc := _glibc():
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
