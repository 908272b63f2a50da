"""Draw the picture of the README: the demo's table as SVG. Run: python scripts/picture.py > docs/images/demo.svg."""

import io
import sys
from datetime import date

from rich.console import Console

from assay.cli.report import print_report
from assay.comparison import CompareRequest, compare

QUESTION = CompareRequest(
    model="deepseek-ai/DeepSeek-R1",
    chips=("h20", "h100", "h200", "b200", "mi300x", "ascend-910c"),
    input_tokens=4096,
    output_tokens=1024,
    ttft_s=2.0,
    tpot_s=0.05,
    as_of=date(2026, 11, 25),
)

FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#292929"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}</g></g></svg>
"""
"""Rich's own frame loads a web font; this one asks nobody."""


def picture() -> str:
    """Return the table of the demo as SVG."""
    console = Console(record=True, width=98, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    print_report(compare(QUESTION), console)
    return console.export_svg(title="", code_format=FRAME, unique_id="assay")


if __name__ == "__main__":
    sys.stdout.write(picture())
