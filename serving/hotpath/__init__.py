"""The prediction core: no Django, no DRF, no database. The two prediction doors call `predict.predict`."""
