    -- Default values are left out by the writer: a frame counter of zero, an empty payload.
    WITH read AS (
        SELECT
            source.*,
            from_json(text, '{
                "time": "VARCHAR", "devAddr": "VARCHAR", "fCnt": "BIGINT", "fPort": "INTEGER", "data": "VARCHAR",
                "deviceInfo": {
                    "devEui": "VARCHAR", "deviceProfileName": "VARCHAR",
                    "tags": {"sensor_model": "VARCHAR", "model": "VARCHAR", "sensor": "VARCHAR", "tenant": "VARCHAR"}
                },
                "object": "JSON"
            }') AS m
        FROM source
    ),
    kinds AS (
        SELECT
            *,
            m.deviceInfo.tags AS tags,
            m.deviceInfo.deviceProfileName AS profile,
            CASE
                WHEN event_name = 'up' THEN 'uplink'
                WHEN event_name IS NOT NULL THEN event_name
                WHEN coalesce(m.fCnt, m.fPort) IS NOT NULL OR m.data IS NOT NULL THEN 'uplink'
                WHEN json_exists(text, '$.integrationName') THEN 'integration'
                WHEN m.object IS NOT NULL THEN 'uplink'
                WHEN json_exists(text, '$.code') OR json_exists(text, '$.description') THEN 'log'
                WHEN json_exists(text, '$.downlinkId') OR json_exists(text, '$.gatewayId') THEN 'txack'
                WHEN json_exists(text, '$.acknowledged') OR json_exists(text, '$.fCntDown') THEN 'ack'
                WHEN json_exists(text, '$.location') THEN 'location'
                WHEN json_exists(text, '$.rxInfo') OR json_exists(text, '$.dr') THEN 'uplink'
                WHEN m.devAddr IS NULL THEN 'status'
                ELSE 'join'
            END AS kind,
            moment(m.time) AS said_time
        FROM read
    ),
    timed AS (
        SELECT
            *,
            CASE WHEN said_time IS NULL THEN coalesce(
                json_extract_string(text, '$.rxInfo[0].gwTime'), json_extract_string(text, '$.rxInfo[0].nsTime'),
                envelope_time
            ) END AS gateway_time
        FROM kinds
    )
    SELECT
        row_id,
        kafka_time,
        is_claimed,
        kind,
        nullif(lower(coalesce(
            m.deviceInfo.devEui,
            regexp_extract(CASE WHEN m.deviceInfo.devEui IS NULL THEN place END, 'device[./]([0-9a-fA-F]{16})[./]', 1)
        )), '') AS device_id,
        false AS has_many_devices,
        CASE
            WHEN coalesce(tags.sensor_model, tags.model, tags.sensor) IS NULL THEN coalesce(profile, '')
            ELSE concat_ws(chr(31), tags.sensor_model, tags.model, tags.sensor, profile)
        END AS names,
        tags.tenant AS tenant_claim,
        m.devAddr AS session,
        CASE WHEN kind = 'uplink' AND (m.devAddr IS NOT NULL OR m.fCnt IS NOT NULL) THEN coalesce(m.fCnt, 0) END AS sequence,
        coalesce(said_time, moment(gateway_time)) AS result_time,
        CASE WHEN said_time IS NULL THEN ['time_from:gateway'] END AS notes,
        CASE WHEN kind = 'uplink' AND m.object NOT IN ('{}', 'null') THEN m.object END AS payload,
        CASE WHEN kind = 'uplink' THEN nullif(m.data, '') END AS encoded,
        false AS is_hex,
        m.fPort AS f_port,
        -- What the codec made of the bytes says all that the bytes say.
        CASE WHEN kind = 'uplink' THEN coalesce(m.object::VARCHAR, m.data) ELSE text END AS body
    FROM timed
