"""Code of one's own as a job: checked archives, pinned environments, a jail, limits. No Django; workers call it."""
