-- wrk script: sends the prepared requests of a file, each once, in order; when they are
-- out, the last one again and again.
-- The file (environment REQUESTS) holds records "LENGTH\n" + LENGTH bytes of one HTTP request.
local requests = {}
local next_request = 0  -- wrk asks once before it sends anything

function init()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  local text = requests[math.max(next_request, 1)] or requests[#requests]
  next_request = next_request + 1
  return text
end
