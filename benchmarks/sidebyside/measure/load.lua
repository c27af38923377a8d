-- Has wrk print its summary as JSON and, when SIDEBYSIDE_VARIED is set, send heads that differ from request to request.
-- Otherwise only done() is defined, so that requests stay on wrk's static fast path.

local VARIANTS = 1024

if os.getenv("SIDEBYSIDE_VARIED") then
  local requests, last = {}, 0

  function init(args)
    for number = 1, VARIANTS do
      local session = string.format("%08x%08x", number * 2654435761 % 4294967296, number)
      local headers = {["Cookie"] = "session=" .. session .. "; consent=all; theme=dark"}
      headers["Referer"] = "http://shop.example/catalogue/shoes?page=" .. number .. "&sort=price"
      for name, value in pairs(wrk.headers) do
        headers[name] = headers[name] or value
      end
      requests[number] = wrk.format("GET", wrk.path, headers)
    end
  end

  function request()
    last = last % VARIANTS + 1
    return requests[last]
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'sidebyside:{"requests": %d, "received": %.0f, "duration_us": %d, "p50_us": %.1f, "p99_us": %.1f, "max_us": %.1f, ' ..
    '"errors": %d, "timeouts": %d, "bad_statuses": %d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write, errors.timeout, errors.status))
end
