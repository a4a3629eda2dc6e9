    WITH ${common},
    told AS (
        SELECT
            row_id,
            count(DISTINCT device_name(device)) AS device_count,
            count(device) = count(*) AS is_named,
            any_value(device_name(device)) AS device_id,
            max(coalesce(
                moment(resulted), moment(nullif(split_part(phenomenon, '/', 2), '')), moment(phenomenon)
            )) AS said_time
        FROM observations
        GROUP BY row_id
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        'uplink' AS kind,
        CASE WHEN device_count = 1 AND is_named THEN device_id END AS device_id,
        device_count > 1 AND is_named AS has_many_devices,
        NULL::VARCHAR AS names,
        NULL::VARCHAR AS tenant_claim,
        NULL::VARCHAR AS session,
        NULL::BIGINT AS sequence,
        coalesce(said_time, moment(envelope_time)) AS result_time,
        CASE WHEN said_time IS NULL THEN ['time_from:envelope'] END AS notes,
        NULL::VARCHAR AS payload,
        NULL::VARCHAR AS encoded,
        false AS is_hex,
        NULL::INTEGER AS f_port,
        concat_ws(chr(31), place, json(text)) AS body
    FROM source
    LEFT JOIN told USING (row_id)
