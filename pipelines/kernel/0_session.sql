-- What the steps of every batch find in their session.

-- What several formats need: a device's name, a time however it is written, a header by name.

-- An EUI-64 is lower-case hex without separators; any other name stays as it is.
CREATE MACRO device_name(name) AS
    CASE
        WHEN regexp_full_match(name, '([0-9A-Fa-f]{2}[-: ]?){7}[0-9A-Fa-f]{2}')
            THEN lower(regexp_replace(name, '[-: ]', '', 'g'))
        ELSE nullif(trim(name), '')
    END;

-- Years for which other readers of the lake have no number are no time; neither is infinity.
CREATE MACRO representable(moment) AS
    CASE WHEN moment BETWEEN TIMESTAMPTZ '0001-01-01 00:00:00Z' AND TIMESTAMPTZ '9998-12-31 00:00:00Z' THEN moment END;

-- Seconds or milliseconds since 1970. Eleven digits or more are milliseconds: as seconds they would be after 5138.
CREATE MACRO epoch_moment(count) AS
    try(make_timestamptz((CASE WHEN abs(count) >= 1e11 THEN count * 1e3 ELSE count * 1e6 END)::BIGINT));

-- A time as written: ISO 8601 (of an interval: its start), with or without seconds, or epoch numbers. All but plain
-- ISO 8601 is tried in a lambda over a list that is mostly empty, so that the usual time costs one cast.
CREATE MACRO moment(said) AS
    representable(coalesce(
        try_cast(said AS TIMESTAMPTZ),
        list_transform(
            CASE WHEN try_cast(said AS TIMESTAMPTZ) IS NULL AND said IS NOT NULL THEN [said] END,
            lambda odd: coalesce(
                try_cast(upper(split_part(odd, '/', 1)) AS TIMESTAMPTZ),
                epoch_moment(try_cast(odd AS DOUBLE)),
                try_strptime(upper(split_part(odd, '/', 1)), '%Y%m%dT%H%M%SZ')::TIMESTAMPTZ
            )
        )[1]
    ));

-- Whether a time cannot be: before there were such sensors, or a day after its record was received. A day is of 24 hours
-- in UTC; to add one by the calendar costs six times as much.
CREATE MACRO cannot_be(moment, received) AS
    moment < TIMESTAMPTZ '2000-01-01' OR epoch_us(moment) > epoch_us(received) + 86400000000;

CREATE MACRO header(headers, name) AS ${header};

-- Where an MQTT bridge wrote the topic it read from: Kafka's own topic may not have a slash.
CREATE MACRO mqtt_topic(kafka_topic, "key") AS
    CASE WHEN contains(kafka_topic, '/') THEN kafka_topic ELSE try(decode("key")) END;

-- The text of a JSON string; other JSON as it is.
CREATE MACRO plain_text(json) AS json_extract_string(json, '$');

-- One byte a row in place of a text.
CREATE TYPE format_name AS ENUM (${formats});
