-- The records that no format could read: rows with a fault, and nothing else.
SELECT
    row_id,
    'unknown'::format_name AS format,
    NULL::VARCHAR AS kind,
    NULL::VARCHAR AS device_id,
    NULL::VARCHAR AS names,
    NULL::VARCHAR AS session,
    NULL::BIGINT AS sequence,
    NULL::TIMESTAMPTZ AS result_time,
    NULL::BOOLEAN AS is_misdated,
    NULL::VARCHAR[] AS notes,
    NULL::VARCHAR AS payload,
    NULL::VARCHAR AS encoded,
    NULL::BOOLEAN AS is_hex,
    NULL::INTEGER AS f_port,
    fault,
    NULL::VARCHAR AS event_key,
    NULL::VARCHAR AS body_digest,
    NULL::UBIGINT AS signature
FROM texts
WHERE ${is_of_format}
