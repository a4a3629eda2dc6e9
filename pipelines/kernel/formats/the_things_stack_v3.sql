    -- Empty fields are left out: no counter means 0, no values mean that all of them were 0 or none was sent.
    WITH read AS (
        SELECT
            source.*,
            from_json(coalesce(json_extract(text, '$.result'), json_extract(text, '$.data'), text), '{
                "end_device_ids": {"device_id": "VARCHAR", "dev_eui": "VARCHAR", "dev_addr": "VARCHAR"},
                "received_at": "VARCHAR", "simulated": "BOOLEAN", "join_accept": "JSON",
                "uplink_message": {
                    "session_key_id": "VARCHAR", "f_port": "INTEGER", "f_cnt": "BIGINT", "frm_payload": "VARCHAR",
                    "decoded_payload": "JSON", "normalized_payload": "JSON", "received_at": "VARCHAR",
                    "simulated": "BOOLEAN",
                    "version_ids": {"brand_id": "VARCHAR", "model_id": "VARCHAR"},
                    "rx_metadata": [{"time": "VARCHAR"}]
                }
            }') AS m
        FROM source
    ),
    parts AS (
        SELECT
            *,
            m.uplink_message AS up,
            -- The stream of events names the device outside of what happened.
            CASE
                WHEN m.end_device_ids IS NOT NULL THEN m.end_device_ids
                ELSE from_json(
                    json_extract(text, '$.identifiers[0].device_ids'),
                    '{"device_id": "VARCHAR", "dev_eui": "VARCHAR", "dev_addr": "VARCHAR"}'
                )
            END AS ids
        FROM read
    ),
    kinds AS (
        SELECT
            *,
            CASE
                WHEN m.simulated OR up.simulated THEN 'simulated'
                WHEN up IS NOT NULL THEN 'uplink'
                WHEN m.join_accept IS NOT NULL THEN 'join'
                ELSE coalesce(
                    list_filter(json_keys(text), lambda name: regexp_matches(name, '^(downlink|location|service|uplink)_'))[1],
                    json_extract_string(text, '$.name'),
                    'other'
                )
            END AS kind,
            moment(up.received_at) AS network_time
        FROM parts
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        kind,
        coalesce(device_name(ids.dev_eui), device_name(regexp_replace(ids.device_id, '^eui-', ''))) AS device_id,
        false AS has_many_devices,
        concat_ws('/', up.version_ids.brand_id, up.version_ids.model_id) AS names,
        NULL::VARCHAR AS tenant_claim,
        coalesce(up.session_key_id, ids.dev_addr, '') AS session,
        CASE WHEN kind = 'uplink' THEN coalesce(up.f_cnt, 0) END AS sequence,
        coalesce(network_time, moment(m.received_at), moment(up.rx_metadata[1].time),
            moment(json_extract_string(text, '$.time')), moment(envelope_time)) AS result_time,
        CASE
            WHEN kind = 'uplink' AND network_time IS NULL AND moment(m.received_at) IS NULL THEN ['time_from:gateway']
        END AS notes,
        CASE
            WHEN kind = 'uplink' AND coalesce(up.normalized_payload, 'null') IN ('null', '[]', '{}')
                THEN nullif(nullif(up.decoded_payload, 'null'), '{}')
        END AS payload,
        CASE WHEN kind = 'uplink' THEN nullif(up.frm_payload, '') END AS encoded,
        false AS is_hex,
        up.f_port AS f_port,
        CASE
            WHEN kind = 'uplink' THEN concat_ws(chr(31), up.frm_payload, up.decoded_payload, up.normalized_payload)
            ELSE text
        END AS body
    FROM kinds
