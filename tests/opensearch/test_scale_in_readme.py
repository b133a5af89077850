"""README's figures for a cluster: they are those of the benchmark, and what is reckoned from them adds up."""

import json
import re
from operator import itemgetter
from pathlib import Path
from statistics import linear_regression
from typing import Any

import pytest
import yaml
from bench.cluster import Figures, growth

from indexer.engines.opensearch.builder import SECTIONS_PER_SHARD

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## When one machine is not enough\n")[2].partition("\n## ")[0]
PROFILES = 1_000_000
ONE_SHARD = "cluster, 1 shards"


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, int], dict[str, Any]]:
    """Engine and sections to the figures of the benchmark that README names."""
    named = re.search(r"tests/bench/results/[\d-]+/cluster", SECTION)
    assert named is not None
    found = json.loads((ROOT / f"{named[0]}.json").read_text(encoding="utf-8"))
    return {(row["engine"], row["sections"]): row for row in found}


def test_table_has_the_figures_of_the_benchmark(rows: dict[tuple[str, int], dict[str, Any]]) -> None:
    for line in re.findall(r"^\| (10,000|90,000) \| (.*) \|$", SECTION, re.MULTILINE):
        engine, built, size, *times = line[1].split(" | ")
        row = rows[ONE_SHARD if engine.startswith("cluster") else engine, int(line[0].replace(",", ""))]
        seconds, megabytes = float(built.removesuffix(" s")), float(size.removesuffix(" a copy").removesuffix(" MB"))
        assert seconds == pytest.approx(row["index_seconds"], abs=0.5)
        assert megabytes == pytest.approx(row["index_megabytes"], abs=0.5)
        classes = ("1 word", "4 words", "common words", "with facets")
        for kind, time in zip(classes, times, strict=True):
            assert float(time.removesuffix(" ms")) == pytest.approx(row["times"][kind][0], abs=0.06)


def test_embedded_engine_is_as_much_faster_as_it_says(rows: dict[tuple[str, int], dict[str, Any]]) -> None:
    ratios = [
        row["times"][kind][0] / rows["embedded", sections]["times"][kind][0]
        for (engine, sections), row in rows.items()
        for kind in row["times"]
        if engine != "embedded"
    ]
    assert f"{min(ratios):.0f} to {max(ratios):.0f} times as fast" in SECTION


def test_arithmetic_of_a_million_profiles_adds_up(rows: dict[tuple[str, int], dict[str, Any]]) -> None:
    measured = sorted((row for (engine, _), row in rows.items() if engine == ONE_SHARD), key=itemgetter("sections"))
    sizes = [row["sections"] for row in measured]
    assert len(sizes) >= 3
    disk = linear_regression(sizes, [row["index_megabytes"] * 1e3 for row in measured])
    common = linear_regression(sizes, [row["times"]["common words"][0] for row in measured])
    sections = PROFILES * measured[-1]["sections"] / measured[-1]["profiles"]
    copy = sections * disk.slope / 1e6
    clusters = [row for (engine, size), row in rows.items() if engine != "embedded" and size > 1_000]
    rates = [row["sections"] / row["index_seconds"] for row in clusters]
    results = {
        "sections": f"{sections / 1e6:.1f} million",
        "disk, one copy": f"{copy:.0f} GB",
        "disk, with the second copy": f"{2 * copy:.0f} GB",
        "disk during a rebuild": f"{6 * copy:.0f} GB",
        "shards": f"{1 + int(sections) // SECTIONS_PER_SHARD}",
        "file cache": f"{2 * copy / 3:.0f} GB a node",
        "rebuild": f"{sections / max(rates) / 3600:.1f} to {sections / min(rates) / 3600:.1f} h",
        "common words in one shard": f"{common.intercept + common.slope * SECTIONS_PER_SHARD:.0f} ms",
    }
    assert f"the {', '.join(f'{size:,}' for size in sizes[:-1])} and {sizes[-1]:,} sections measured" in SECTION
    assert f"| {disk.slope:.2f} kB a section |" in SECTION
    assert f"| {common.intercept:.1f} ms, and {1e3 * common.slope:.3f} ms for each 1,000 sections |" in SECTION
    said = dict(re.findall(r"^\| ([a-z][^|]*) \| .* \| ([^|]*) \|$", SECTION, re.MULTILINE))
    assert {name: said[name] for name in results} == results


def test_index_that_fits_into_memory_is_as_large_as_it_says(rows: dict[tuple[str, int], dict[str, Any]]) -> None:
    row = rows["embedded", 90_000]
    kilobytes = row["index_megabytes"] / 90
    sections = 16e6 / kilobytes
    assert f"at {kilobytes:.1f} kB a section, 16 GB hold {sections / 1e6:.1f} million sections" in SECTION
    assert f"{sections * row['profiles'] / 90_000 / 1e4:.0f}0,000 profiles" in SECTION


def test_compose_lines_are_three_nodes_that_know_each_other() -> None:
    services = yaml.safe_load(SECTION.partition("```yaml\n")[2].partition("```")[0])["services"]
    assert [node["environment"]["node.name"] for node in services.values()] == list(services)
    assert {node["environment"]["discovery.seed_hosts"] for node in services.values()} == {",".join(services)}


def test_growth_of_the_benchmark_is_a_line_through_all_sizes() -> None:
    sizes = (1_000, 10_000, 100_000)
    rows = [
        Figures("cluster", n, n // 9, n / 500, 1 + n / 500, 9.0, {"common words": (5 + n / 1e4, 9.0)}) for n in sizes
    ]
    assert growth(rows).splitlines()[-1] == "| cluster | 3 | 2.00 | 500 to 500 | 0.100 |"
