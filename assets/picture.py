"""The README's picture of the demo: what a terminal shows of it, as an SVG.

    script -qec "unfreeze demo" /dev/null | python3 assets/picture.py > assets/demo.svg

Needs `pyte`, a terminal in memory: bars that were drawn over again leave what they said last.
"""

import sys
import tempfile
from xml.sax.saxutils import escape

import pyte

COLUMNS, ROWS = 200, 200
CHARACTER, LINE, MARGIN = 7.224, 17, 20
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def shown(output):
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(screen).feed(output.replace("\n", "\r\n"))
    lines = [line.rstrip() for line in screen.display]
    # Where its files lie is of no interest to others.
    return [line for line in lines if line and tempfile.gettempdir() not in line]


def main():
    lines = ["$ unfreeze demo", *shown(sys.stdin.read())]
    width = round(CHARACTER * max(map(len, lines))) + 2 * MARGIN
    height = LINE * len(lines) + MARGIN + 8
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="The output of unfreeze demo in a terminal"><rect width="100%" height="100%" rx="8" fill="#10161d"/>'
        f'<g font-family="{FONT}" font-size="12" xml:space="preserve">'
    )
    for i, line in enumerate(lines):
        fill = "#d7e1ea" if i else "#8fd3ff"
        # Spaces that no browser may run together, and a length, since no two fonts draw boxes equally wide.
        text = escape(line).replace(" ", "\u00a0")
        size = f'textLength="{round(CHARACTER * len(line))}" lengthAdjust="spacing"'
        print(f'<text x="{MARGIN}" y="{28 + LINE * i}" fill="{fill}" {size}>{text}</text>')
    print("</g></svg>")


main()
