"""Tasks as files: what each format carries, in and out. Knows no HTTP and no SQL."""
