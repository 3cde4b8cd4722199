-- What wrk sends: chats of 500 sessions in turn, as many operators' clients do. With SESSIONS 20,000 chats,
-- again and again, of that many sessions at random.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
local sessions, random = tonumber(os.getenv("SESSIONS") or "500"), os.getenv("SESSIONS") ~= nil
local number, requests = 0, {}
init = function()
  for i = 1, random and 20000 or sessions do
    local session = random and math.random(sessions) or i
    requests[i] = wrk.format(nil, nil, nil, string.format(
      '{"message":"How are you today?","session_id":"00000000-0000-4000-8000-%012d","metadata":{"client":"wrk"}}',
      session))
  end
end
request = function()
  number = number % #requests + 1
  return requests[number]
end
