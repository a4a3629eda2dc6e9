-- The values of payloads that the hot path does not read: nested objects (dots lead in), lists of items, words, units
-- behind numbers. Three levels are as deep as contracts go; what lies deeper is nobody's key.
WITH source AS (
    SELECT row_id, payload, items_at, items_key, items_value
    FROM messages
    JOIN signatures USING (signature)
    JOIN sensors ON sensors.names = coalesce(messages.names, '')
    WHERE messages.fault IS NULL AND (is_left_over OR row_id IN (SELECT row_id FROM incomplete))
),
first_level AS (
    SELECT source.row_id, member.key AS key, member.value AS said, member.type AS type
    FROM source, json_each(payload) AS member
),
second_level AS (
    SELECT first_level.row_id, concat_ws('.', first_level.key, member.key) AS key, member.value AS said, member.type AS type
    FROM first_level, json_each(said) AS member
    WHERE first_level.type = 'OBJECT'
),
third_level AS (
    SELECT second_level.row_id, concat_ws('.', second_level.key, member.key) AS key, member.value AS said, member.type AS type
    FROM second_level, json_each(said) AS member
    WHERE second_level.type = 'OBJECT'
),
lists AS (
    SELECT
        row_id,
        items_key,
        items_value,
        unnest(from_json(json_extract(payload, '$$.' || items_at), '["JSON"]')) AS list
    FROM source
    WHERE items_at IS NOT NULL
),
items AS (
    SELECT
        row_id,
        items_key,
        items_value,
        unnest(CASE WHEN json_type(list) = 'ARRAY' THEN from_json(list, '["JSON"]') ELSE [list] END) AS item
    FROM lists
),
listed AS (
    SELECT * EXCLUDE (type) FROM first_level WHERE type NOT IN ('OBJECT', 'ARRAY')
    UNION ALL SELECT * EXCLUDE (type) FROM second_level WHERE type NOT IN ('OBJECT', 'ARRAY')
    UNION ALL SELECT * EXCLUDE (type) FROM third_level WHERE type NOT IN ('OBJECT', 'ARRAY')
    UNION ALL SELECT row_id, item ->> ('$$.' || items_key), item -> ('$$.' || items_value) FROM items
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
    row_id,
    key,
    word,
    true AS is_payload,
    coalesce(number, try_cast(amount.number AS DOUBLE)) AS value,
    nullif(trim(amount.unit), '') AS unit
FROM worded
