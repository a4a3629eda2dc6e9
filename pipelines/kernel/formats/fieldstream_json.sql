    -- One document, or a list of them; of one device, or of several.
    WITH parts AS (
        SELECT
            *,
            unnest(CASE WHEN json_type(text) = 'ARRAY' THEN from_json(text, '["JSON"]') ELSE [text::JSON] END) AS part
        FROM source
    ),
    read AS (
        SELECT
            *,
            from_json(part, '{
                "device_id": "VARCHAR", "time": "VARCHAR", "tenant_id": "VARCHAR", "sensor": "VARCHAR",
                "session": "VARCHAR", "sequence": "BIGINT", "payload_hex": "VARCHAR", "payload_base64": "VARCHAR",
                "f_port": "INTEGER", "observations": [{"time": "VARCHAR"}]
            }') AS m
        FROM parts
    ),
    documents AS (
        SELECT
            row_id,
            any_value(kafka_time) AS kafka_time,
            any_value(is_claimed) AS is_claimed,
            any_value(text) AS text,
            any_value(m) AS m,
            count(*) AS document_count,
            count(device_name(coalesce(m.device_id, envelope_device))) AS named_count,
            count(DISTINCT device_name(coalesce(m.device_id, envelope_device))) AS device_count,
            any_value(device_name(coalesce(m.device_id, envelope_device))) AS device_id,
            max(moment(m.time)) AS said_time,
            max(moment(envelope_time)) AS envelope_time,
            max(list_max([moment(reading.time) FOR reading IN m.observations])) AS reading_time,
            any_value(m.tenant_id) FILTER (lower(m.tenant_id) <> lower($$tenant_id)) AS tenant_claim
        FROM read
        GROUP BY row_id
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        'uplink' AS kind,
        CASE WHEN device_count = 1 AND named_count = document_count THEN device_id END AS device_id,
        device_count > 1 AND named_count = document_count AS has_many_devices,
        m.sensor AS names,
        tenant_claim,
        CASE WHEN document_count = 1 THEN m.session END AS session,
        CASE WHEN document_count = 1 THEN m.sequence END AS sequence,
        coalesce(said_time, envelope_time, reading_time) AS result_time,
        CASE WHEN said_time IS NULL AND envelope_time IS NOT NULL THEN ['time_from:envelope'] END AS notes,
        NULL::VARCHAR AS payload,
        CASE WHEN document_count = 1 THEN nullif(coalesce(m.payload_hex, m.payload_base64), '') END AS encoded,
        m.payload_hex IS NOT NULL AS is_hex,
        coalesce(m.f_port, 1) AS f_port,
        json(text)::VARCHAR AS body
    FROM documents
