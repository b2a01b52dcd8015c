"""Cells of files for spreadsheets: what a spreadsheet would run as a formula is kept from being one, there and back."""

from typing import Any

# A cell that begins so is run as a formula (OWASP, "CSV injection"); East Asian spreadsheets take the full width too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GUARD = "'"


def safe_cell(value: Any) -> str:
    """`value` as text that no spreadsheet takes for a formula: an apostrophe stands before a start that is one."""
    text = "" if value is None else str(value)
    return f"{GUARD}{text}" if text.startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """`text` as it was before `safe_cell`: an apostrophe is taken off where a formula's start follows it."""
    return text[1:] if text.startswith(GUARD) and text[1:].startswith(FORMULA_STARTS) else text
