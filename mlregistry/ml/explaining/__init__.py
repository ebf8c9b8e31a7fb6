"""Why a model predicts what it does: Shapley values, partial dependence. Drawn on demand by the explanation job."""
