"""Gradient boosting by LightGBM and XGBoost, extras of this server: their estimators and rows of the catalogue."""
