"""The MLflow REST door: routes, wire and errors, and one file per noun; nothing else imports it."""
