"""Reports of a run: one HTML file, the terminal, Markdown, LaTeX, CSV; and two runs compared."""

from brownout.report.html import write_html
from brownout.report.latex import render_latex
from brownout.report.markdown import render_markdown
from brownout.report.terminal import render_terminal
from brownout.report.tidy import render_csv

__all__ = ["render_csv", "render_latex", "render_markdown", "render_terminal", "write_html"]
