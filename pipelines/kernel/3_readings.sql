-- The values that messages of one format name themselves. A number may be text, with its unit behind it.
WITH source AS (
    SELECT row_id, mqtt_topic($$topic, "key") AS place, coalesce(inner_text, text) AS text
    FROM texts
    JOIN messages USING (row_id)
    WHERE ${is_of_format} AND messages.fault IS NULL AND kind = 'uplink'
),
listed AS (
${shape}
),
worded AS (
    SELECT
        *,
        plain_text(said) AS word,
        try_cast(word AS DOUBLE) AS number,
        CASE WHEN number IS NULL THEN ${amount} END AS amount
    FROM listed
)
SELECT
    * EXCLUDE (said, unit, number, amount),
    false AS is_payload,
    coalesce(number, try_cast(amount.number AS DOUBLE)) AS value,
    coalesce(nullif(trim(unit), ''), nullif(trim(amount.unit), '')) AS unit
FROM worded
