-- What wrk sends: chats of 500 sessions in turn, as many operators' clients do.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
local sessions, number, bodies = 500, 0, {}
for i = 1, sessions do
  bodies[i] = wrk.format(nil, nil, nil, string.format(
    '{"message":"How are you today?","session_id":"00000000-0000-4000-8000-%012d","metadata":{"client":"wrk"}}', i))
end
request = function()
  number = number % sessions + 1
  return bodies[number]
end
