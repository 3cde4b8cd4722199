#!/usr/bin/env bash
# What:     @redocly/cli 2.77.0 (npm) on Node.js 20, `lint` of an OpenAPI 3.2 document by the rules it calls recommended:
#           examples that do not match their schema, for JSON and for an event stream.
# Guess:    those of the event stream's `itemSchema`, which is new in 3.2, are found like the others.
# Seen:     they are passed, however they are given, and so is a `default` of the wrong type. What is found is a warning, and
#           the exit code is 0. So it is the form of a streaming API that is checked, not its events: a test has to put the
#           examples through the schemas; warnings become errors only by a configuration of one's own.
# Output:   schema, value: found
#           schema, dataValue: found
#           itemSchema, value: passed
#           itemSchema, dataValue: passed
#           default: passed
#           all: exit code 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @redocly/cli@2.77.0 || exit 2

# document SCHEMA-FIELD EXAMPLE DEFAULT [TYPE]
document() {
  cat <<YAML
openapi: 3.2.0
info: {title: A, version: '1', license: {name: MIT, identifier: MIT}}
servers: [{url: 'https://api.example.org'}]
security: []
paths:
  /chat:
    get:
      operationId: chat
      summary: Chat
      responses:
        '200':
          description: An event, or some of them
          content:
            ${4:-application/json}:
              $1: {\$ref: '#/components/schemas/Event'}
              examples: {one: {$2}}
        '400': {description: Bad request}
components:
  schemas:
    Event: {type: object, required: [data], properties: {data: {type: string}, retry: {type: integer, default: $3}}}
YAML
}
lint() {
  code=0
  REDOCLY_TELEMETRY=off node_modules/.bin/redocly lint --format=json "$1" >report.json 2>messages || code=$?
}
check() { # WHAT
  lint document.yaml
  jq -e '.totals.errors == 0' report.json >/dev/null || { cat report.json >&2; exit 1; }
  if jq -e '.problems | any(.ruleId | test("example|default"))' report.json >/dev/null; then
    echo "$1: found"
  else
    echo "$1: passed"
  fi
}
{
  # One that is right, first: no rule may complain.
  document schema 'value: {data: hello}' 1 >document.yaml
  [[ $(check right) == 'right: passed' ]]
  document schema 'value: {data: 5}' 1 >document.yaml
  check 'schema, value'
  document schema 'dataValue: {data: 5}' 1 >document.yaml
  check 'schema, dataValue'
  document itemSchema 'value: [{data: 5}]' 1 text/event-stream >document.yaml
  check 'itemSchema, value'
  document itemSchema 'dataValue: [{data: 5}]' 1 text/event-stream >document.yaml
  check 'itemSchema, dataValue'
  document schema 'value: {data: hello}' never >document.yaml
  check 'default'
  document schema 'value: {data: 5}' never >document.yaml
  lint document.yaml
  echo "all: exit code $code"
} | tee seen
diff - seen <<'EXPECTED'
schema, value: found
schema, dataValue: found
itemSchema, value: passed
itemSchema, dataValue: passed
default: passed
all: exit code 0
EXPECTED
