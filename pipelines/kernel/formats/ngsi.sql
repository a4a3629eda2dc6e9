    WITH ${common},
    times AS (
        SELECT entity_id, max(own_time) AS attribute_time
        FROM values_said
        GROUP BY entity_id
    ),
    told AS (
        SELECT
            row_id,
            count(DISTINCT device_name(device)) AS device_count,
            any_value(device_name(device)) AS device_id,
            max(coalesce(moment(observed), attribute_time)) AS said_time,
            max(moment(modified)) AS modified_time
        FROM facts
        JOIN times USING (entity_id)
        GROUP BY row_id
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        'uplink' AS kind,
        CASE WHEN device_count = 1 THEN device_id END AS device_id,
        device_count > 1 AS has_many_devices,
        NULL::VARCHAR AS names,
        NULL::VARCHAR AS tenant_claim,
        NULL::VARCHAR AS session,
        NULL::BIGINT AS sequence,
        coalesce(said_time, modified_time, moment(json_extract_string(text, '$.notifiedAt')), moment(envelope_time))
            AS result_time,
        CASE
            WHEN said_time IS NOT NULL THEN NULL
            WHEN modified_time IS NOT NULL THEN ['time_from:dateModified']
            WHEN json_exists(text, '$.notifiedAt') THEN ['time_from:notifiedAt']
            ELSE ['time_from:envelope']
        END AS notes,
        NULL::VARCHAR AS payload,
        NULL::VARCHAR AS encoded,
        false AS is_hex,
        NULL::INTEGER AS f_port,
        -- A notification's own id differs from one delivery to the next.
        CASE WHEN json_type(text, '$.data') = 'ARRAY' THEN json_extract(text, '$.data') ELSE json(text) END::VARCHAR AS body
    FROM source
    LEFT JOIN told USING (row_id)
