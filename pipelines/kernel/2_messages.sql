-- The messages of one format, as all formats have them: who says it, when, which event it is, what is wrong with it.
WITH source AS (
    SELECT
        row_id,
        kafka_time,
        mqtt_topic($$topic, "key") AS place,
        coalesce(
            header(headers, 'event'),
            CASE WHEN contains(place, 'event') THEN nullif(regexp_extract(place, '[./]event[./]([a-z]+)$$', 1), '') END
        ) AS event_name,
        is_claimed,
        envelope_device,
        envelope_time,
        coalesce(inner_text, text) AS text
    FROM texts
    WHERE ${is_of_format}
),
found AS (
${shape}
),
told AS (
    SELECT
        *,
        cannot_be(result_time, kafka_time) AS is_misdated,
        is_claimed OR (tenant_claim <> '' AND lower(tenant_claim) <> lower($$tenant_id)) AS is_another_tenants,
        left(md5(body), 16) AS body_digest
    FROM found
)
SELECT
    row_id,
    ${format}::format_name AS format,
    kind,  -- uplink, or what else it is about: join, status, log, ...
    device_id,
    names,  -- names under which a sensor contract may be found, the best first
    session,
    sequence,
    result_time,
    is_misdated,  -- whether its time cannot be
    notes,  -- what an accepted message's reasons must say
    payload,  -- values by the sensor's own keys, as JSON
    encoded,  -- the device's own bytes, as text
    is_hex,  -- whether they are in hexadecimal; else in base64
    f_port,
    CASE
        WHEN is_another_tenants THEN 'tenant_mismatch'
        WHEN device_id IS NULL AND NOT has_many_devices THEN 'no_device'
        WHEN result_time IS NULL THEN 'no_time'
    END AS fault,
    CASE
        WHEN fault IS NOT NULL THEN NULL
        -- A counter that starts again gives its numbers to other events: the hour tells them apart.
        WHEN sequence IS NOT NULL THEN concat(
            left(md5(concat_ws(chr(31), ${scope}$$tenant_id, device_id, session, sequence)), 24),
            lower(hex(epoch(result_time)::BIGINT // 3600 + 536870912))  -- always of eight digits
        )
        ELSE md5(concat_ws(chr(31), ${scope}$$tenant_id, device_id, epoch_us(result_time), body_digest))
    END AS event_key,
    body_digest,
    -- Equal for payloads with the same keys of the same sensor.
    CASE WHEN payload IS NOT NULL THEN hash(names, json_keys(payload)) END AS signature
FROM told
