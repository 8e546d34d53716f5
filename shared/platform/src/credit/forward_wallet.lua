-- Moves a cached wallet forward, never back: workers may announce their commits in any order. What was set aside for what
-- is settled now goes in the same step, so that no money is counted never.
-- KEYS: the wallet's hash, its holds, the index of all holds. ARGV: wallet id, version, balance in 1/10,000, seq, status,
-- minimum threshold in 1/10,000, then the names of holds. All numbers are integers below 2^53, which Lua's doubles
-- compare and add exactly.
for i = 7, #ARGV do
    local hold = redis.call('HGET', KEYS[2], ARGV[i])
    if hold then
        redis.call('HDEL', KEYS[2], ARGV[i])
        redis.call('ZREM', KEYS[3], ARGV[1] .. ' ' .. ARGV[i])
        if redis.call('HEXISTS', KEYS[1], 'held') == 1 then
            redis.call('HINCRBY', KEYS[1], 'held', -tonumber(string.match(hold, '^%d+')))
            if string.sub(ARGV[i], 1, 5) == 'call:' then redis.call('HINCRBY', KEYS[1], 'calls', -1) end
        end
    end
end
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'balance', ARGV[3], 'seq', ARGV[4], 'status', ARGV[5], 'threshold', ARGV[6])
return 1
