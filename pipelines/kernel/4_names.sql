-- The names under which the messages' sensors may have a contract.
SELECT DISTINCT coalesce(names, '') AS names FROM messages WHERE kind = 'uplink'
