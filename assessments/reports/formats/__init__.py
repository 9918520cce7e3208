"""One file a format: `render(record)` is a pure function from the record to bytes."""
