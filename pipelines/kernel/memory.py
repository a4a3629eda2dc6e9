"""What the process keeps of the memory that a batch frees, for the next one."""

import ctypes

# mallopt's names for its parameters, and how much to keep. The larger blocks are the largest that glibc allows.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _BLOCK_BYTES = 256 * 2**20, 32 * 2**20


def keep_freed_memory() -> None:
    """Have glibc keep what is freed; given back and asked for again, it is cleared anew page by page by the kernel.

    That is a tenth of what a batch costs. Where there is no glibc, all stays as it is.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)
