-- What is to be said of accepted records; of most there is nothing.
WITH row_reasons AS (
    SELECT row_id, list(DISTINCT reason ORDER BY reason)[:20] AS reasons FROM found_reasons GROUP BY row_id
),
exceptional AS (
    ${exceptional}
),
judged AS (
    SELECT
        row_id,
        'accepted' AS verdict,
        CASE
            WHEN kind <> 'uplink' THEN list_append(coalesce(notes, []), 'no_observation:' || left(kind, 32))
            ELSE list_concat(
                coalesce(notes, []),
                coalesce(signatures.reasons, []),
                coalesce(row_reasons.reasons, []),
                -- Where a format leaves it to the sensor what values mean, names is there, if only as an empty text.
                CASE
                    WHEN payload IS NULL AND encoded IS NULL AND messages.names IS NOT NULL AND sensor_model IS NULL
                        AND row_id NOT IN (SELECT row_id FROM readings)
                        THEN ['unknown_sensor']
                    ELSE []
                END,
                CASE
                    WHEN (payload IS NOT NULL OR encoded IS NOT NULL) AND row_reasons.reasons IS NULL
                        AND (signature IS NULL OR len(signatures.reasons) = 0)
                        AND (signature IS NULL OR is_left_over OR row_id IN (SELECT row_id FROM incomplete))
                        AND row_id NOT IN (SELECT row_id FROM general)
                        THEN ['no_reading']
                    ELSE []
                END
            )
        END AS reasons
    FROM messages
    LEFT JOIN sensors ON sensors.names = messages.names
    LEFT JOIN signatures USING (signature)
    LEFT JOIN row_reasons USING (row_id)
    WHERE fault IS NULL AND row_id IN (SELECT row_id FROM exceptional)
)
SELECT * FROM judged WHERE len(reasons) > 0 ORDER BY row_id
