-- Gathers what a call refers to, in one round trip. It decides nothing.
-- KEYS: the epoch. ARGV: the server's id, the time in microseconds, the called number or nothing, then fields of the
-- directory. Returns nothing where the directory or the rates are not known to be complete; else the fields' values,
-- organizations by id, decks by name, and the rates of those in force.
local epoch = redis.call('GET', KEYS[1])
if not epoch or string.sub(epoch, 1, #ARGV[1]) ~= ARGV[1] then return false end
local nonce = string.sub(epoch, #ARGV[1] + 1)
local directory, decks = 'directory:' .. nonce, 'decks:' .. nonce
if redis.call('HEXISTS', directory, 'revision') + redis.call('HEXISTS', decks, 'revision') < 2 then return false end

local function content(value) return string.sub(value, string.find(value, '|', 1, true) + 1) end
local fields, organizations, numbers = {}, {}, {}
if ARGV[3] ~= '' then numbers[ARGV[3]] = true end
local function read(field)
    local value = redis.call('HGET', directory, field)
    if not value then return end
    fields[#fields + 1], fields[#fields + 2] = field, content(value)
    local kind = string.sub(field, 1, 2)
    for _, entry in ipairs(cjson.decode(content(value))) do
        if type(entry.organization) == 'string' then organizations[entry.organization] = true end
        if kind == 'n:' and type(entry.target) == 'string' then numbers[entry.target] = true end
        -- The numbers of whoever calls from a softphone.
        if kind == 'i:' then read('u:' .. entry.user) end
    end
end
for i = 4, #ARGV do read(ARGV[i]) end

local customers, names, lists, rates = {}, {}, {}, {}
for id in pairs(organizations) do
    local value = redis.call('HGET', directory, 'o:' .. id)
    if value then
        customers[#customers + 1], customers[#customers + 2] = id, content(value)
        names[cjson.decode(content(value)).rateDeck] = true
    end
end
for name in pairs(names) do
    local value = redis.call('HGET', decks, 'd:' .. name)
    local in_force
    for _, deck in ipairs(value and cjson.decode(value) or {}) do
        if deck.effectiveFrom <= tonumber(ARGV[2]) and not (in_force and in_force.effectiveFrom > deck.effectiveFrom) then
            in_force = deck
        end
    end
    if in_force then
        lists[#lists + 1], lists[#lists + 2] = name, value
        for number in pairs(numbers) do
            local digits = string.match(number, '^%+(%d+)$') or ''
            local prefixes = {}
            for length = math.min(#digits, 15), 1, -1 do prefixes[#prefixes + 1] = string.sub(digits, 1, length) end
            local found = #prefixes > 0 and redis.call('HMGET', in_force.key, unpack(prefixes)) or {}
            for _, rate in ipairs(found) do
                if rate then rates[#rates + 1], rates[#rates + 2] = in_force.id, rate end
            end
        end
    end
end
return { fields, customers, lists, rates }
