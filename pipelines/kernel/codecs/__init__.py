"""Device payloads, read: a codec per sensor model, by the name that schemas/sensors/*.yaml gives as `codec`."""

from pipelines.kernel.codecs import decentlab, dragino, milesight, sensecap, sensefarm, tektelic
from pipelines.kernel.codecs.frame import Codec, CodecError, Frame

CODECS: dict[str, Codec] = {
    **decentlab.CODECS,
    **dragino.CODECS,
    **milesight.CODECS,
    **sensecap.CODECS,
    **sensefarm.CODECS,
    **tektelic.CODECS,
}

__all__ = ["CODECS", "Codec", "CodecError", "Frame"]
