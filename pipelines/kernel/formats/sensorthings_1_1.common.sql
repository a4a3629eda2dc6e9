    documents AS (
        SELECT
            row_id,
            place,
            unnest(CASE
                WHEN json_type(text) = 'ARRAY' THEN from_json(text, '["JSON"]')
                WHEN json_type(text, '$.value') = 'ARRAY' THEN from_json(json_extract(text, '$.value'), '["JSON"]')
                ELSE [text::JSON]
            END) AS document
        FROM source
    ),
    -- A Thing with Datastreams, a Datastream with Observations, or an Observation with its Datastream.
    streams AS (
        SELECT
            row_id,
            place,
            document,
            unnest(CASE
                WHEN json_type(document, '$.Datastreams') = 'ARRAY'
                    THEN from_json(json_extract(document, '$.Datastreams'), '["JSON"]')
                WHEN json_exists(document, '$.Observations') THEN [document]
                ELSE [coalesce(document -> '$.Datastream', document -> '$.MultiDatastream', '{}'::JSON)]
            END) AS stream
        FROM documents
    ),
    named AS (
        SELECT
            row_id,
            document,
            stream AS said_stream,
            coalesce(
                stream ->> '$."@iot.id"',
                nullif(regexp_extract(document ->> '$."Datastream@iot.navigationLink"', 'Datastreams\(''?([^)'']+)''?\)', 1), ''),
                nullif(regexp_extract(place, 'Datastreams\(''?([^)'']+)''?\)', 1), '')
            ) AS stream_id
        FROM streams
    ),
    known AS (
        SELECT
            row_id,
            document,
            said_stream,
            stream_id,
            CASE
                WHEN json_exists(said_stream, '$.unitOfMeasurement') OR context.datastream IS NULL THEN said_stream
                ELSE json_merge_patch(context.datastream, said_stream)
            END AS stream
        FROM named
        LEFT JOIN context ON context.datastream_id = stream_id
    ),
    listed AS (
        SELECT
            row_id,
            stream,
            stream_id,
            coalesce(stream -> '$.Thing', CASE WHEN json_exists(document, '$.Datastreams') THEN document END) AS thing,
            document -> '$.components' AS components,
            unnest(CASE
                WHEN json_type(document, '$.dataArray') = 'ARRAY' THEN from_json(document -> '$.dataArray', '["JSON"]')
                WHEN json_type(said_stream, '$.Observations') = 'ARRAY'
                    THEN from_json(said_stream -> '$.Observations', '["JSON"]')
                ELSE [document]
            END) AS observation
        FROM known
    ),
    observations AS (
        SELECT
            row_id,
            stream,
            stream_id,
            coalesce(
                thing ->> '$.properties.devEUI', thing ->> '$.properties.devEui', thing ->> '$.properties.dev_eui',
                thing ->> '$.properties.deviceId', thing ->> '$.properties.device_id',
                thing ->> '$."@iot.id"', thing ->> '$.name', 'Datastreams(' || stream_id || ')', stream ->> '$.name'
            ) AS device,
            CASE WHEN components IS NULL THEN observation -> '$.result'
                ELSE json_extract(observation, '$[' || (list_position(from_json(components, '["VARCHAR"]'), 'result') - 1) || ']')
            END AS result,
            CASE WHEN components IS NULL THEN observation ->> '$.phenomenonTime'
                ELSE json_extract_string(observation, '$[' || (list_position(from_json(components, '["VARCHAR"]'), 'phenomenonTime') - 1) || ']')
            END AS phenomenon,
            CASE WHEN components IS NULL THEN observation ->> '$.resultTime'
                ELSE json_extract_string(observation, '$[' || (list_position(from_json(components, '["VARCHAR"]'), 'resultTime') - 1) || ']')
            END AS resulted,
            observation -> '$.parameters' AS parameters
        FROM listed
    )
