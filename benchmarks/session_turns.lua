-- What wrk sends: chats of 500 sessions in turn.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
local sent = 0
function request()
  sent = sent + 1
  return wrk.format(nil, nil, nil,
    '{"message":"How are you today?","session_id":"session-' .. sent % 500 .. '","metadata":{"client":"wrk"}}')
end
