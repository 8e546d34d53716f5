-- Sets money aside, or says why not. The one place where that is decided.
-- KEYS: the epoch, the wallet's hash, its holds, the index of all holds.
-- ARGV: the server's id, wallet id, name of the hold, kind, what it is for, the time in seconds, then in 1/10,000: the
-- least that is of use, what may always be taken, the most; the part of what is available in percent; whether the
-- threshold is kept; the most calls at once, 0 for any number.
-- Returns: what became of it, the amount, the balance, what else is held, and what the hold that stands is for.
local epoch = redis.call('GET', KEYS[1])
if not epoch or string.sub(epoch, 1, #ARGV[1]) ~= ARGV[1] then return { 'not_loaded', 0, 0, 0, '' } end
local wallet = redis.call('HMGET', KEYS[2], 'epoch', 'balance', 'held', 'threshold', 'status', 'calls')
if wallet[1] ~= epoch then return { 'not_loaded', 0, 0, 0, '' } end
local balance, held, calls = tonumber(wallet[2]), tonumber(wallet[3]), tonumber(wallet[6])

local before = redis.call('HGET', KEYS[3], ARGV[3])
local replaced = 0
if before then
    local amount, kind, purpose = string.match(before, '^(%d+)|(%a)|(.*)$')
    -- A call that asks again, or is announced after it has asked, has what it had.
    if kind == 'p' then
        redis.call('ZADD', KEYS[4], 'GT', ARGV[6], ARGV[2] .. ' ' .. ARGV[3])
        return { 'again', amount, balance, held - tonumber(amount), purpose }
    end
    replaced = tonumber(amount)
end
local others = held - replaced
if wallet[5] ~= 'active' then return { 'suspended', 0, balance, others, '' } end
local is_call = string.sub(ARGV[3], 1, 5) == 'call:'
local calls_max = tonumber(ARGV[12])
if is_call and not before and calls_max > 0 and calls >= calls_max then
    return { 'too_many_calls', 0, balance, others, '' }
end
if ARGV[11] == '1' and balance < tonumber(wallet[4]) then return { 'insufficient_funds', 0, balance, others, '' } end

local least, usual, most, share = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local function granted(available)
    return math.min(available, most, math.max(usual, math.floor(available * share / 100)))
end
local amount = granted(balance - others)
if amount < least then
    local reason = 'insufficient_funds'
    if granted(balance) >= least then reason = 'funds_in_use' end
    return { reason, 0, balance, others, '' }
end
amount = string.format('%.0f', amount)
redis.call('HSET', KEYS[3], ARGV[3], amount .. '|' .. ARGV[4] .. '|' .. ARGV[5])
redis.call('ZADD', KEYS[4], 'GT', ARGV[6], ARGV[2] .. ' ' .. ARGV[3])
redis.call('HSET', KEYS[2], 'held', string.format('%.0f', others + tonumber(amount)))
if is_call and not before then redis.call('HINCRBY', KEYS[2], 'calls', 1) end
return { 'placed', amount, balance, others, '' }
