-- What wrk sends: chats of 500 sessions in turn, as many operators' clients do.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
local sessions, number, requests = 500, 0, {}
init = function()
  for i = 1, sessions do
    requests[i] = wrk.format(nil, nil, nil, string.format(
      '{"message":"How are you today?","session_id":"00000000-0000-4000-8000-%012d","metadata":{"client":"wrk"}}', i))
  end
end
request = function()
  number = number % sessions + 1
  return requests[number]
end
