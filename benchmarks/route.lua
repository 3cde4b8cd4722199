-- The same chat as the gateway sends it to switch: what a plain reverse proxy passes on.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
wrk.body = '{"prompt":"How are you today?","session_id":"session-001","metadata":{"client":"wrk","context_summary":"user: How are you today?"}}'
