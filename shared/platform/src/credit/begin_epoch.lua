-- The epoch of this server; a new one where what is there was made by another process, which may have had other data.
-- KEYS: the epoch. ARGV: the server's id, a name for a new epoch.
local epoch = redis.call('GET', KEYS[1])
if epoch and string.sub(epoch, 1, #ARGV[1]) == ARGV[1] then return epoch end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2])
return ARGV[1] .. ARGV[2]
