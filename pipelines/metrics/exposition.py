"""Samples as the text that Prometheus reads: its exposition format, version 0.0.4."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipelines.metrics.catalogue import METRICS, Metric, Sample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def exposition(samples: Iterable[Sample], tenant_id: str) -> str:
    """Return the samples as text: each metric once, in the catalogue's order, with the lines of its samples below."""
    by_metric: dict[Metric, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_metric[sample.metric].append(sample)
    lines = (line for metric in METRICS if metric in by_metric for line in _lines(metric, by_metric[metric], tenant_id))
    return "".join(f"{line}\n" for line in lines)


def _lines(metric: Metric, samples: Iterable[Sample], tenant_id: str) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.meaning}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for sample in samples:
        labels = zip(("tenant", *metric.labels), (tenant_id, *sample.values), strict=True)
        written = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels)
        yield f"{metric.name}{{{written}}} {_number(sample.value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
