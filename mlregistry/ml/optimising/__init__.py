"""Smaller, faster or cheaper models made of a trained one, and what each costs in quality. Called by its job."""
