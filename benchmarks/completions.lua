-- What wrk sends: one chat of the OpenAI API with a message of 1.7 KB, which the upstream's answer repeats.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer benchmark-token"
wrk.headers["x-portkey-provider"] = "openai"
wrk.headers["x-portkey-custom-host"] = os.getenv("MODELS") .. "/v1"
local text = string.rep("How are you today, and what is new? ", 47)
wrk.body = '{"model":"m","messages":[{"role":"user","content":"' .. text .. '"}]}'
