#!/usr/bin/env bash
# CONTRACT §3: 413, 415, 422; and 404, 405, HEAD, OPTIONS as HTTP has them (RFC 9110).
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'

is_422() { # BODY MEMBER
  chat "$1"
  expect_status 422
  expect_header content-type '^application/json'
  expect_json '.detail | type == "array" and length > 0'
  expect_json '[.detail[] | (.loc | type == "array") and (.msg | type == "string" and length > 0)
    and (.type | type == "string" and length > 0)] | all'
  expect_json '.detail[0].loc[0] == "body"'
  [[ -z ${2-} ]] || expect_json '.detail[0].loc == ["body", $member]' --arg member "$2"
}

missing_message() {
  chat '{"session_id":"x"}'
  expect_status 422
  expect_json '. == {detail: [{loc: ["body", "message"], msg: "Field required", type: "missing"}]}'
}

is_415() { # CONTENT-TYPE
  operator POST /operator/chat/ask -H "content-type: $1" -d '{"message":"hello"}'
  expect_status 415
}

is_json() { # CONTENT-TYPE
  operator POST /operator/chat/ask -H "content-type: $1" -d '{"message":"hello"}'
  expect_status 200
}

large_body_is_413() { # [CURL-ARGUMENT…]
  operator POST /operator/chat/ask -H "$JSON" --data-binary "@$WORK/large" "$@"
  expect_status 413
}

# chat_with_message_of BYTES STATUS
chat_with_message_of() {
  printf '{"message":"%s"}' "$(head -c "$1" /dev/zero | tr '\0' x)" >"$WORK/message"
  operator POST /operator/chat/ask -H "$JSON" --data-binary "@$WORK/message"
  expect_status "$2"
}

touched_no_upstream() { expect_count .total 0; }

is_404() { # METHOD PATH
  operator "$1" "$2"
  expect_status 404
}

is_405() { # METHOD PATH ALLOWED
  operator "$1" "$2"
  expect_status 405
  expect_header allow "$3"
}

head_is_get_without_body() { # PATH
  local length
  operator GET "$1"
  length=$(header content-type)
  operator HEAD "$1"
  expect_status 200
  expect_equal content-type "$(header content-type)" "$length"
  # With --head curl shows the head; a body behind it would make it complain.
  [[ ! -s $WORK/curl.err ]] || unmet "$(cat "$WORK/curl.err")"
}

options_tells_methods() { # PATH ALLOWED
  operator OPTIONS "$1"
  [[ $STATUS =~ ^20[04]$ ]] || unmet "the status is $STATUS"
  expect_header allow "$2"
}

# The bytes that are no HTTP are answered with 400 or a closed connection, and the next one works.
survives() { # FORMAT
  raw "$1"
  [[ -z $STATUS || $STATUS =~ ^[45] ]] || unmet "it is answered with $STATUS"
  operator GET /operator/power/state
  expect_status 200
}

# error_is_json: every refusal of ours is JSON.
error_is_json() { # METHOD PATH
  operator "$1" "$2"
  expect_header content-type '^application/json'
  expect_json 'type == "object"'
}

start_upstream
start_gateway
head -c 1100000 /dev/zero | tr '\0' x >"$WORK/large"
reset_counts

check "422: {\"detail\":[{\"loc\":[\"body\",\"message\"],\"msg\":\"Field required\",\"type\":\"missing\"}]}" \
  missing_message
for body in '' '{' '{"message":"a"' '{"message":"a"} x' 'hello' $'{"message":"\xff"}' \
  '{"message":"\ud800"}' '[]' '"hello"' 'null' '42'; do
  check "422 invalid JSON or no object: $body" is_422 "$body"
done
for value in '""' null 42 true '[]' '{}'; do
  check "422 message: $value" is_422 "{\"message\":$value}" message
done
for member in session_id user_id mode; do
  check "422 wrong type: $member" is_422 "{\"message\":\"hello\",\"$member\":42}" $member
done
check "422 wrong type: metadata" is_422 '{"message":"hello","metadata":[]}' metadata
for type in text/plain application/x-www-form-urlencoded multipart/form-data application/jsonx; do
  check "415 not JSON: $type" is_415 $type
done
check "413 body too large" large_body_is_413
check "413 body too large, sent at once" large_body_is_413 -H 'expect:'
check "413 body too large, in chunks without a length" \
  large_body_is_413 -H 'transfer-encoding: chunked' -H 'expect:'
check "413 message too large" chat_with_message_of 65537 413
check "no upstream was touched by any of these" touched_no_upstream
check "the largest message is answered" chat_with_message_of 65536 200
for type in application/json 'application/json; charset=utf-8' 'Application/JSON'; do
  check "JSON: $type" is_json "$type"
done
for path in // /operator /operator/nothing /operator/status/more /madre/power/state /switch/route-v5; do
  check "404: GET $path" is_404 GET $path
  check "404 is JSON: GET $path" error_is_json GET $path
done
check "405 with Allow: GET /operator/chat/ask" is_405 GET /operator/chat/ask POST
check "405 with Allow: POST /operator/status" is_405 POST /operator/status GET
check "405 with Allow: DELETE /operator/power/state" is_405 DELETE /operator/power/state GET
check "405 is JSON" error_is_json DELETE /operator/power/state
for path in /operator/status /operator/power/state /health; do
  check "HEAD is GET without a body: $path" head_is_get_without_body $path
done
check "OPTIONS: /operator/chat/ask" options_tells_methods /operator/chat/ask POST
check "OPTIONS: /operator/status" options_tells_methods /operator/status GET
check "no HTTP: rubbish" survives 'rubbish\r\n\r\n'
check "no HTTP: two lengths" survives \
  'POST /operator/chat/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'
check "no HTTP: a length that is none" survives \
  'POST /operator/chat/ask HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: -1\r\n\r\n'
finish
