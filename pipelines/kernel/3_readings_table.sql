-- Values that are not read by the hot path: one row a value, as the message gives it.
CREATE TEMP TABLE readings (
    row_id BIGINT,
    is_payload BOOLEAN,      -- whether the key is the sensor's own; else it is the message's word for a property
    device_id VARCHAR,       -- where a message speaks of several devices
    "key" VARCHAR,
    value DOUBLE,
    word VARCHAR,            -- what was said in place of a number
    unit VARCHAR,            -- what the message says it is in
    depth_cm DOUBLE,
    channel INTEGER,
    phenomenon_time TIMESTAMPTZ
)
