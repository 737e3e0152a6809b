"""Readers of transport files that are not ours: ReadStat in Python and in R, and pandas."""

import math
from datetime import date

import pandas as pd
import polars as pl
import pyreadstat

ZERO_IN_PANDAS = 16.0**-65
"""What pandas 3.1 makes of eight zero bytes, which ReadStat and SAS read as 0."""

# numbers as hexadecimal text, since JSON in R keeps 15 digits
READ_WITH_HAVEN = r"""
folder <- commandArgs(trailingOnly = TRUE)[1]
plain <- function(x) {
  if (is.character(x)) return(as.character(x))
  if (inherits(x, "Date")) return(as.character(x))
  ifelse(is.na(x), NA, sprintf("%a", as.numeric(x)))
}
read <- function(path) {
  data <- haven::read_xpt(path)
  list(
    label = attr(data, "label"),
    labels = lapply(data, function(x) attr(x, "label")),
    columns = lapply(data, plain)
  )
}
files <- list.files(folder, "\\.xpt$", full.names = TRUE)
found <- lapply(files, read)
names(found) <- sub("\\.xpt$", "", basename(files))
cat(jsonlite::toJSON(found, na = "null", auto_unbox = FALSE, null = "null"))
"""


def expected_of(frame):
    """What a transport file makes of a table: one list a column."""
    columns = {}
    for series in frame:
        values = series.to_list()
        if series.dtype == pl.String:
            columns[series.name] = [value or "" for value in values]
        elif series.dtype.is_numeric():
            columns[series.name] = [
                None if value is None or math.isnan(value) else float(value) for value in values
            ]
        else:
            columns[series.name] = values
    columns["SIMFL"] = ["Y"] * len(frame)
    return columns


def read_with_pyreadstat(path):
    """Return columns, labels, label of the dataset and its name."""
    found, meta = pyreadstat.read_xport(str(path), output_format="dict")
    columns = {name: [_value(one) for one in values] for name, values in found.items()}
    return columns, meta.column_names_to_labels, meta.file_label, meta.table_name


def as_sas_days(values):
    """Dates as days since 1960, which pandas leaves them as."""
    return [
        float((one - date(1960, 1, 1)).days) if isinstance(one, date) else one for one in values
    ]


def read_with_pandas(path):
    found = pd.read_sas(path, format="xport", encoding="ascii").replace(ZERO_IN_PANDAS, 0.0)
    return {name: [_value(one) for one in found[name]] for name in found.columns}


def _value(value):
    if value is None or value != value:  # NaN and NaT differ from themselves
        return None
    return value if isinstance(value, str) or hasattr(value, "isoformat") else float(value)
