-- What each message says was done, where and when; Python reads the details by the kind's contract.
WITH read AS (
    SELECT
        messages.row_id,
        kafka_time,
        result_time,
        notes,
        from_json(coalesce(inner_text, text), '{
            "operation": "VARCHAR", "field_id": "VARCHAR", "started_at": "VARCHAR", "ended_at": "VARCHAR",
            "details": "JSON"
        }') AS m
    FROM texts
    JOIN messages USING (row_id)
    WHERE messages.fault IS NULL
)
SELECT
    row_id,
    m.operation AS operation,
    nullif(trim(m.field_id), '') AS field_id,
    CASE WHEN m.started_at IS NULL THEN result_time ELSE moment(m.started_at) END AS started_at,
    moment(m.ended_at) AS ended_at,
    started_at IS NULL OR (ended_at IS NULL AND m.ended_at IS NOT NULL) AS is_unreadable,
    cannot_be(started_at, kafka_time) AS is_misdated,
    m.details::VARCHAR AS details
FROM read
ORDER BY row_id
