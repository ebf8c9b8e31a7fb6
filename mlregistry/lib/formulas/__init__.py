"""Formulas over columns, such as ``if(isnull(age), 0, income / age)``: parsed here into a tree and type-checked.

Nothing is ever evaluated as Python. Recipes call `parse` and `check`; `mlregistry.ml.steps` walks the tree.
"""

from mlregistry.lib.formulas.functions import FUNCTIONS, Function
from mlregistry.lib.formulas.parser import parse
from mlregistry.lib.formulas.tokens import LONGEST
from mlregistry.lib.formulas.trees import Tree, columns_of
from mlregistry.lib.formulas.types import check

__all__ = ["FUNCTIONS", "LONGEST", "Function", "Tree", "check", "columns_of", "parse"]
