-- What wrk sends: one chat, as an operator's client does.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
wrk.body = '{"message":"How are you today?","session_id":"session-001","metadata":{"client":"wrk"}}'
