-- Gives a hold back that nothing stands behind, unless somebody has looked at it since.
-- KEYS: the wallet's hash, its holds, the index of all holds. ARGV: wallet id, name of the hold, the time in seconds up to
-- which it may have been looked at, and the kind that it must be of, if any will not do.
local seen = redis.call('ZSCORE', KEYS[3], ARGV[1] .. ' ' .. ARGV[2])
if seen and tonumber(seen) > tonumber(ARGV[3]) then return 0 end
local hold = redis.call('HGET', KEYS[2], ARGV[2])
if hold and ARGV[4] and string.match(hold, '^%d+|(%a)|') ~= ARGV[4] then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1] .. ' ' .. ARGV[2])
if not hold then return 0 end
redis.call('HDEL', KEYS[2], ARGV[2])
if redis.call('HEXISTS', KEYS[1], 'held') == 1 then
    redis.call('HINCRBY', KEYS[1], 'held', -tonumber(string.match(hold, '^%d+')))
    if string.sub(ARGV[2], 1, 5) == 'call:' then redis.call('HINCRBY', KEYS[1], 'calls', -1) end
end
return 1
