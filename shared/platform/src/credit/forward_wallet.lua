-- Moves a cached wallet forward, never back: workers may announce their commits in any order.
-- KEYS[1]: the wallet's hash. ARGV: version, balance in 1/10,000, seq, status, minimum threshold in 1/10,000.
-- The numbers are integers below 2^53, which Lua's doubles compare exactly.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'balance', ARGV[2], 'seq', ARGV[3], 'status', ARGV[4],
    'threshold', ARGV[5])
return 1
