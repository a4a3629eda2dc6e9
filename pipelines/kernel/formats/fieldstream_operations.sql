    -- One operation a message.
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        'uplink' AS kind,
        device_name(coalesce(m.device_id, envelope_device)) AS device_id,
        false AS has_many_devices,
        NULL::VARCHAR AS names,
        m.tenant_id AS tenant_claim,
        m.session AS session,
        m.sequence AS sequence,
        coalesce(moment(m.time), moment(envelope_time)) AS result_time,
        CASE WHEN moment(m.time) IS NULL AND moment(envelope_time) IS NOT NULL THEN ['time_from:envelope'] END AS notes,
        NULL::VARCHAR AS payload,
        NULL::VARCHAR AS encoded,
        NULL::BOOLEAN AS is_hex,
        NULL::INTEGER AS f_port,
        json(text)::VARCHAR AS body
    FROM (
        SELECT
            *,
            from_json(text, '{
                "device_id": "VARCHAR", "time": "VARCHAR", "tenant_id": "VARCHAR", "session": "VARCHAR",
                "sequence": "BIGINT"
            }') AS m
        FROM source
    )
