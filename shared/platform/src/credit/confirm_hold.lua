-- Looks at a call's hold once more, after it is durable that the call may begin: the cache may have been emptied, and
-- loaded from what was known before. What is not there is set aside again; so is what is less than was promised, since
-- whoever asked about the leg again meanwhile may have found less money. That it is there is not enough: a load brings in
-- what is durable, also where two calls were to have the same money, one before the cache was emptied and one after.
-- KEYS: the epoch, the wallet's hash, its holds, the index of all holds. ARGV: the server's id, wallet id, name of the
-- hold, amount in 1/10,000, what it is for, when it was seen to be right in seconds, and 1 for a call that goes on
-- already: its money counts whether or not it is there. When a hold was last seen to be right never goes back: it lies
-- ahead where a decision waits on a disk, and whoever looks meanwhile knows less.
local epoch = redis.call('GET', KEYS[1])
if not epoch or string.sub(epoch, 1, #ARGV[1]) ~= ARGV[1] then return 'not_loaded' end
local wallet = redis.call('HMGET', KEYS[2], 'epoch', 'balance', 'held')
if wallet[1] ~= epoch then return 'not_loaded' end
local before = redis.call('HGET', KEYS[3], ARGV[3])
local replaced = 0
if before then
    local amount, kind = string.match(before, '^(%d+)|(%a)|')
    if kind == 'p' and tonumber(amount) >= tonumber(ARGV[4]) then
        if ARGV[7] ~= '1' and tonumber(wallet[2]) < tonumber(wallet[3]) then return 'lost' end
        redis.call('ZADD', KEYS[4], 'GT', ARGV[6], ARGV[2] .. ' ' .. ARGV[3])
        return 'held'
    end
    replaced = tonumber(amount)
end
local others = tonumber(wallet[3]) - replaced
if ARGV[7] ~= '1' and tonumber(wallet[2]) - others < tonumber(ARGV[4]) then return 'lost' end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4] .. '|p|' .. ARGV[5])
redis.call('ZADD', KEYS[4], 'GT', ARGV[6], ARGV[2] .. ' ' .. ARGV[3])
redis.call('HSET', KEYS[2], 'held', string.format('%.0f', others + tonumber(ARGV[4])))
if not before then redis.call('HINCRBY', KEYS[2], 'calls', 1) end
return 'held'
