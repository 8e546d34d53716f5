-- Writes fields that are newer than what is there. KEYS: a hash. ARGV: the revision that they were read at, then fields
-- and values.
for i = 2, #ARGV, 2 do
    local known = redis.call('HGET', KEYS[1], ARGV[i])
    if not known or tonumber(string.match(known, '^%d+')) < tonumber(ARGV[1]) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[1] .. '|' .. ARGV[i + 1])
    end
end
