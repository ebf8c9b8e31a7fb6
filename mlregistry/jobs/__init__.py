"""Background work: the Job row, the runner with its children, the reaper, the schedule, three engines."""
