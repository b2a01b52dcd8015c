-- Sends the prepared requests of a file, one after the other and then again from the first, and prints what came of it.
--
--   wrk -t1 -c16 -d2s -s bench/gateway_load.lua http://127.0.0.1:PORT -- FILE
--
-- The file: for each request its length in octets, a line feed, and the octets as they go over the wire.
local requests = {}
sent = 0 -- global, for `done` to find it
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for length in function() return file:read("*n") end do
    file:read(1)
    table.insert(requests, file:read(length))
  end
  file:close()
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency, _requests)
  local total = 0
  for _, thread in ipairs(threads) do
    total = total + thread:get("sent")
  end
  local errors = summary.errors
  io.write(string.format(
    '{"answers": %d, "seconds": %.6f, "sent": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d, "longest": %d}\n',
    summary.requests, summary.duration / 1e6, total, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max
  ))
end
