-- Brings a wallet in as Postgres has it, with what is set aside of it, so that it is believed from now on.
-- KEYS: the epoch, the wallet's hash, its holds, the index of all holds. ARGV: the epoch that the load began under, wallet
-- id, version, balance in 1/10,000, seq, status, minimum threshold in 1/10,000, the time in seconds, then the names of
-- the holds and what they are.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'other_epoch' end
local known = redis.call('HMGET', KEYS[2], 'epoch', 'version')
-- It has moved on since, with holds that Postgres had not heard of.
if known[1] == ARGV[1] then return 'loaded' end
if known[2] and tonumber(known[2]) > tonumber(ARGV[3]) then return 'newer' end
for _, name in ipairs(redis.call('HKEYS', KEYS[3])) do redis.call('ZREM', KEYS[4], ARGV[2] .. ' ' .. name) end
redis.call('DEL', KEYS[3])
local held, calls = 0, 0
for i = 9, #ARGV, 2 do
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
    redis.call('ZADD', KEYS[4], ARGV[8], ARGV[2] .. ' ' .. ARGV[i])
    held = held + tonumber(string.match(ARGV[i + 1], '^%d+'))
    if string.sub(ARGV[i], 1, 5) == 'call:' then calls = calls + 1 end
end
redis.call('HSET', KEYS[2], 'version', ARGV[3], 'balance', ARGV[4], 'seq', ARGV[5], 'status', ARGV[6], 'threshold', ARGV[7],
    'epoch', ARGV[1], 'held', string.format('%.0f', held), 'calls', calls)
return 'loaded'
