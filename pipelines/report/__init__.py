"""Tables of a finished run -> one report: HTML in a single file, Markdown, or separate figures.

Enters with a run folder, reads its summary tables and streams counts from the subject-level ones,
so a report of a million patients is as large and as quick as one of five hundred. The same run
gives the same bytes.

1. `run_data`, `counts`, `survival`, `model_numbers`: what is known of the run
2. `overview`, `participants`, `efficacy`, `exposure`, `safety`, `methods`: the chapters, as data
3. `style` and `draw_*`: the pictures, drawn once for all formats
4. `write_html`, `write_markdown`: a document becomes text; `make`: everything in order
"""
