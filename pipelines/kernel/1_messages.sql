-- Every record, read: text, format, and the fields that all formats share. Nothing is judged yet, nothing is lost.
-- A record that cannot be read is a row with a fault. `try` and `try_cast` give null where SQL would stop the batch.
CREATE TEMP TABLE messages AS
WITH texts AS (
    SELECT
        row_number() OVER () AS row_id,
        "partition",
        "offset",
        raw,
        try(decode(raw)) AS text
    FROM records
),
parsed AS (
    SELECT
        *,
        CASE
            WHEN NOT contains(text, ${chirpstack_v4}) THEN NULL
            -- Parsed once: what is cut off fails here, and the rare rest makes `try` go row by row.
            WHEN starts_with(text, '{') AND ends_with(text, '}') THEN try(from_json(text, ${chirpstack_v4_shape}))
            WHEN json_valid(text) THEN from_json(text, ${chirpstack_v4_shape})
        END AS m,
        CASE WHEN m IS NOT NULL THEN true ELSE json_valid(text) END AS is_json
    FROM texts
),
fields AS (
    SELECT
        * EXCLUDE (m),
        CASE WHEN m IS NOT NULL THEN 'chirpstack_v4' ELSE 'unknown' END AS format,
        lower(nullif(m.deviceInfo.devEui, '')) AS device_id,
        lower(m.deviceInfo.deviceProfileName) AS alias,
        try_cast(m.time AS TIMESTAMPTZ) AS result_time,
        m.devAddr AS session,
        -- A frame counter of zero is left out by writers that omit default values.
        CASE WHEN m.devAddr IS NOT NULL THEN coalesce(m.fCnt, 0) END AS sequence,
        m.object AS payload
    FROM parsed
)
SELECT
    row_id,
    "partition",
    "offset",
    format,
    device_id,
    alias,
    result_time,
    session,
    sequence,
    payload,
    CASE
        WHEN raw IS NULL THEN 'empty'
        WHEN text IS NULL THEN 'not_utf8'
        WHEN NOT is_json THEN 'not_json'
        WHEN format = 'unknown' THEN 'unknown_format'
        WHEN device_id IS NULL THEN 'no_device'
        WHEN result_time IS NULL THEN 'no_time'
    END AS fault,
    CASE
        WHEN fault IS NOT NULL THEN NULL
        WHEN sequence IS NOT NULL
            THEN md5(concat_ws(chr(31), $$tenant_id, device_id, session, sequence))
        ELSE md5(concat_ws(chr(31), $$tenant_id, device_id, epoch_us(result_time), md5(raw)))
    END AS event_key
FROM fields
