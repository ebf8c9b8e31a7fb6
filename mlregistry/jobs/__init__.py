"""Background work: the Job row, the runner with its child processes, the reaper, the schedule, three engines."""
