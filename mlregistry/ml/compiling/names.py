"""The name of the file that holds a compiled model; who only needs that imports no NumPy."""

COMPILED = "compiled.npz"
