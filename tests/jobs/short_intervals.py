"""What the tests and their worker processes agree on; no Django."""

INTERVALS = {
    "JOB_HEARTBEAT_SECONDS": 0.2,
    "JOB_LEASE_SECONDS": 60.0,  # a machine that is busy holds up heartbeats; whoever kills a worker ends its leases
    "JOB_REAPER_SECONDS": 0.5,
    "JOB_RETRY_SECONDS": 0.1,
    "JOB_CANCEL_GRACE_SECONDS": 1.0,
    "JOB_LOG_LIMIT_BYTES": 100_000,
    "JOB_OLDEST_FIRST_SHARE": 0.0,
}
NAMES = (
    "talk",
    "wait_first_time",
    "count_run",
    "count_up",
    "work",
    "mark",
    "yield_once",
    "hog_memory",
    "hog_memory_in_a_grandchild",
    "sleep",
    "ignore_sigterm",
    "fail",
    "refuse",
    "vanish",
    "flood",
    "read_own_row",
    "answer_nan",
)
KINDS = {f"tests.{name}": f"tests.jobs.kinds.{name}" for name in NAMES}
KINDS["tests.work_in_parallel"] = "tests.jobs.parallel_kind.work_in_parallel"
