-- Checks the body of every answer, waits DELAY_MS before each request, and has wrk print its summary as JSON.

local expected, wrong, threads = os.getenv("EXPECTED"), 0, {}
local pause = tonumber(os.getenv("DELAY_MS") or "0")

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrong_bodies = 0
end

if pause > 0 then
  function delay()
    return pause
  end
end

function response(status, headers, body)
  if status == 200 and body ~= expected then
    wrong_bodies = wrong_bodies + 1
  end
end

function done(summary, latency, requests)
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong_bodies")
  end
  local errors = summary.errors
  io.write(string.format(
    'bulk:{"requests": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d, "wrong": %d, ' ..
    '"p99_ms": %.1f}\n',
    summary.requests, errors.connect, errors.read, errors.write, errors.timeout, errors.status, wrong,
    latency:percentile(99) / 1000))
end
