"""Which predictions a row of feedback is about, as SQL. Called by the queries that read both."""


def predictions_of(feedback: str, *columns: str) -> str:
    """A lateral join to `p`, with these columns of the log. The rows `feedback` have endpoint_id, request_id and row.

    Feedback names a prediction by the server's id or by the id that the client gave its request.
    """
    wanted = ", ".join(columns)
    log = f"SELECT {wanted} FROM serving_prediction WHERE"  # noqa: S608 - constants only
    same = f'= {feedback}.request_id AND "row" = {feedback}."row" AND endpoint_id = {feedback}.endpoint_id'
    return f"CROSS JOIN LATERAL ({log} request_id {same} UNION ALL {log} client_request_id {same}) p"
