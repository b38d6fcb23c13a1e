-- Requests for wrk: photos in turn, pauses drawn at random as independent clients would make them.
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init(arguments)
  bodies, next_body, answered, refused, other = {}, 0, 0, 0, 0
  for number = 0, tonumber(arguments[2]) - 1 do
    local file = io.open(arguments[1] .. "/" .. number, "rb")
    bodies[number] = file:read("*a")
    file:close()
  end
  pause = tonumber(arguments[3])
  kind = arguments[1]:match("json$") and "application/json" or "application/octet-stream"
  if pause > 0 then
    function delay() return math.floor(-math.log(1 - math.random()) * pause) end
  end
end

function request()
  next_body = (next_body + 1) % (#bodies + 1)
  return wrk.format("POST", nil, { ["Content-Type"] = kind }, bodies[next_body])
end

function response(status)
  if status == 200 then answered = answered + 1
  elseif status == 429 then refused = refused + 1
  else other = other + 1 end
end

function done(summary, latency)
  local t = threads[1]
  print(string.format("answered %d refused %d other %d seconds %f p50 %f p99 %f",
    t:get("answered"), t:get("refused"), t:get("other"), summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
