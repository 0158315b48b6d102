-- Takes one token out of a bucket that holds a minute's worth.
-- KEYS[1] the bucket; ARGV[1] tokens a minute. Returns 0, or the milliseconds until there is a token.
local per_minute = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = per_minute, now
if kept[1] or kept[2] then
  tokens, at = tonumber(kept[1]), tonumber(kept[2])
  -- Also what is infinite or not a number: a damaged bucket is an error, not a full one.
  if not tokens or not at or tokens - tokens ~= 0 or at - at ~= 0 then
    return redis.error_reply('DAMAGED the entry is no bucket')
  end
end
local elapsed = math.max(0, now - at)
tokens = math.min(per_minute, tokens + elapsed * per_minute / 60)
if tokens < 1 then
  return math.ceil((1 - tokens) * 60000 / per_minute)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens - 1), 'at', string.format('%.17g', now))
-- After a minute it is full, which is what a bucket is that nobody knows.
redis.call('PEXPIRE', KEYS[1], 60000)
return 0
