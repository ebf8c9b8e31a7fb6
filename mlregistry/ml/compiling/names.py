"""The name of the file that holds a compiled model; who only needs that imports no NumPy."""

COMPILED = "compiled.npz"
FORM_ALONE = "compiled"  # the format of a version that has no other file to load
