    -- Numbers may be strings; the first member's name says what the message is about.
    WITH read AS (
        SELECT
            source.*,
            json_keys(text)[1] AS root,
            from_json(text, '{"DevEUI_uplink": {
                "Time": "VARCHAR", "DevEUI": "VARCHAR", "DevAddr": "VARCHAR", "FPort": "INTEGER", "FCntUp": "BIGINT",
                "payload_hex": "VARCHAR", "payload": "JSON",
                "DriverCfg": {"app": {"pId": "VARCHAR", "mId": "VARCHAR"}},
                "ModelCfg": "VARCHAR"
            }}').DevEUI_uplink AS up,
            json_extract(text, '$.' || json_value(json_array(root), '$[0]')) AS other
        FROM source
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        CASE WHEN up IS NOT NULL THEN 'uplink' ELSE lower(regexp_replace(root, '^DevEUI_', '')) END AS kind,
        device_name(coalesce(up.DevEUI, json_extract_string(other, '$.DevEUI'))) AS device_id,
        false AS has_many_devices,
        concat_ws('/', up.DriverCfg.app.pId, up.DriverCfg.app.mId) AS names,
        NULL::VARCHAR AS tenant_claim,
        up.DevAddr AS session,
        CASE WHEN kind = 'uplink' THEN up.FCntUp END AS sequence,
        coalesce(moment(up.Time), moment(json_extract_string(other, '$.Time')), moment(envelope_time)) AS result_time,
        NULL::VARCHAR[] AS notes,
        CASE WHEN json_type(up.payload) = 'OBJECT' THEN nullif(up.payload, '{}') END AS payload,
        nullif(up.payload_hex, '') AS encoded,
        true AS is_hex,
        up.FPort AS f_port,
        CASE WHEN kind = 'uplink' THEN concat_ws(chr(31), up.payload_hex, up.payload) ELSE text END AS body
    FROM read
