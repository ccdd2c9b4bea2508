"""Reports of a run: one HTML file, the terminal, Markdown."""

from brownout.report.html import write_html
from brownout.report.markdown import render_markdown
from brownout.report.terminal import render_terminal

__all__ = ["render_markdown", "render_terminal", "write_html"]
