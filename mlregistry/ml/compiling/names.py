"""Names and words of compiled models; who only needs these imports no NumPy."""

COMPILED = "compiled.npz"
FORM_ALONE = "compiled"  # the format of a version that has no other file to load
UNANSWERED = "The model does not answer these rows: a value is missing, infinite or out of its range."
