"""Changes of a recipe that facts ask for, and what each is worth: proposals, their trial, the best together."""
