-- One operation on random tasks; prints one line that bench/wrk.py reads.
-- Arguments: operation, owners, tasks, clients, requests a second (mix only).
local operation, owners, tasks, clients, rate
local headers = { ["Content-Type"] = "application/json" }
local body = '{"title": "Buy milk", "description": "Two bottles", "tags": ["home", "shop"]}'

local function list(owner)
  return wrk.format("GET", "/api/" .. owner .. "/tasks?limit=50")
end

local function create(owner)
  return wrk.format("POST", "/api/" .. owner .. "/tasks", headers, body)
end

local function read(owner, id)
  return wrk.format("GET", "/api/" .. owner .. "/tasks/" .. id)
end

local function toggle(owner, id)
  return wrk.format("PATCH", "/api/" .. owner .. "/tasks/" .. id .. "/complete")
end

local function each(owner, id)
  return ({ read, list, create, toggle })[math.random(4)](owner, id)
end

-- NFR-04: 70 % reads, 20 % lists of 50, 10 % writes.
local function mix(owner, id)
  local dice = math.random()
  if dice < 0.7 then return read(owner, id) end
  if dice < 0.9 then return list(owner) end
  return dice < 0.95 and create(owner) or toggle(owner, id)
end

local operations = {
  read = read, list = list, create = create, toggle = toggle, each = each, mix = mix
}

function init(arguments)
  operation = operations[arguments[1]]
  owners, tasks = tonumber(arguments[2]), tonumber(arguments[3])
  clients, rate = tonumber(arguments[4]), tonumber(arguments[5])
  math.randomseed(os.time())
  if rate > 0 then
    -- Exponential thinking time makes the arrivals of many clients a Poisson process.
    function delay()
      return math.floor(-math.log(1 - math.random()) * clients / rate * 1000)
    end
  end
end

function request()
  local id = math.random(tasks)
  return operation((id - 1) % owners + 1, id)
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write
  failed = failed + summary.errors.timeout + summary.errors.status
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p95": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, latency:percentile(99) / 1000
  ))
end
