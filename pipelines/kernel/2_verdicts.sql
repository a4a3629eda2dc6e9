-- One verdict a record. Copies of an event share a Kafka partition (the key is the device): the one with the lowest
-- offset is accepted, unless the lake already holds the event.
CREATE TEMP TABLE verdicts AS
WITH ranked AS (
    SELECT
        row_id,
        fault,
        event_key IN (SELECT event_key FROM known_keys) AS is_known,
        row_number() OVER (PARTITION BY "partition", event_key ORDER BY "offset") > 1 AS is_repeated,
        alias IN (SELECT alias FROM sensor_aliases) AS has_contract
    FROM messages
)
SELECT
    row_id,
    CASE
        WHEN fault IS NOT NULL THEN 'quarantined'
        WHEN is_known OR is_repeated THEN 'duplicate'
        ELSE 'accepted'
    END AS verdict,
    CASE
        WHEN fault IS NOT NULL THEN [fault]
        WHEN is_known THEN ['known_to_the_lake']
        WHEN is_repeated THEN ['repeated_in_batch']
        WHEN has_contract THEN []::VARCHAR[]
        ELSE ['unknown_sensor']
    END AS reasons
FROM ranked
