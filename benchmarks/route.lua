-- The same chat as the gateway sends it to switch once the session has a history, byte for byte but for Host:
-- what a plain reverse proxy passes on, so that the upstream has the same work behind each contender.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["x-vx11-token"] = "benchmark-token"
wrk.headers["User-Agent"] = "libvx11/0.1.0"
wrk.body = [[{"prompt":"How are you today?","session_id":"session-001","metadata":{"client":"wrk","context_summary":"user: How are you today?\nassistant: switch heard: How are you today?\nuser: How are you today?"}}]]
