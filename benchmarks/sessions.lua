-- What wrk sends: chats of 500 sessions in turn, as many operators' clients do. With SESSIONS another
-- number of them; of more than 20,000 that many, chosen at random.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
local sessions, most = tonumber(os.getenv("SESSIONS") or "500"), 20000
local number, requests = 0, {}
init = function()
  local count = math.min(sessions, most)
  for i = 1, count do
    local session = count < sessions and math.random(sessions) or i
    requests[i] = wrk.format(nil, nil, nil, string.format(
      '{"message":"How are you today?","session_id":"00000000-0000-4000-8000-%012d","metadata":{"client":"wrk"}}',
      session))
  end
end
request = function()
  number = number % #requests + 1
  return requests[number]
end
