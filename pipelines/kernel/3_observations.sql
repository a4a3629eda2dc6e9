-- One row a value of an accepted event: named and converted by the sensor's contract, flagged by the quantity's ranges.
WITH listed AS (
    SELECT
        messages.* EXCLUDE (payload),
        CASE alias ${payload_values} END AS payload_values
    FROM messages
    JOIN verdicts USING (row_id)
    WHERE verdict = 'accepted'
),
long AS (
    SELECT
        * EXCLUDE (payload_values),
        unnest(payload_values) AS payload_value,
        unnest(range(1, len(payload_values) + 1)) AS ordinal
    FROM listed
),
converted AS (
    SELECT
        long.*,
        readings.* EXCLUDE (alias, ordinal),
        CASE WHEN isfinite(payload_value) THEN payload_value * scale + shift END AS value
    FROM long
    JOIN readings USING (alias, ordinal)
    WHERE payload_value IS NOT NULL
),
flagged AS (
    SELECT
        *,
        CASE
            WHEN value IS NULL THEN 9
            WHEN value < fail_min OR value > fail_max THEN 4
            WHEN value < suspect_min OR value > suspect_max THEN 3
            ELSE 1
        END AS flag
    FROM converted
)
SELECT
    event_key,
    device_id,
    sensor_model,
    property,
    channel,
    depth_cm,
    value,
    unit,
    flag,
    CASE flag
        WHEN 9 THEN ['not_finite']
        WHEN 4 THEN [CASE WHEN value < fail_min THEN 'below_gross_range' ELSE 'above_gross_range' END]
        WHEN 3 THEN [CASE WHEN value < suspect_min THEN 'below_suspect_range' ELSE 'above_suspect_range' END]
        ELSE []::VARCHAR[]
    END AS reasons,
    result_time - to_seconds(averaging_interval_s) AS phenomenon_time,
    result_time,
    sequence,
    session,
    format,
    "partition",
    "offset"
FROM flagged
