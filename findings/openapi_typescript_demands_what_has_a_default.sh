#!/usr/bin/env bash
# What:     openapi-typescript 7.13.0 with typescript 5.9.3 (npm) on Node.js 20: a property with a
#           `default` that is not among the required ones.
# Guess:    it is optional in the generated type, as it is in the document: who leaves it away in a
#           request gets the default.
# Seen:     it is demanded. The type does not compile for a request that the document allows, and
#           says of an answer that the property is always there, which the document does not. In a
#           query parameter the same default leaves it optional. The option is
#           --default-non-nullable=false.
# Output:   without limit: error TS2741: Property 'limit' is missing
#           with limit: compiles
#           without limit, --default-non-nullable=false: compiles
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund openapi-typescript@7.13.0 typescript@5.9.3
export PATH=$work/node_modules/.bin:$PATH

cat >document.yaml <<'YAML'
openapi: 3.1.0
info: {title: Chats, version: '1', license: {name: MIT, identifier: MIT}}
servers: [{url: 'https://api.test'}]
security: [{token: []}]
paths:
  /chats:
    post:
      operationId: chat
      summary: Chat
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Chat'}}}
      responses:
        '204': {description: Done}
        '400': {description: Refused}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Chat:
      type: object
      required: [text]
      properties:
        text: {type: string}
        limit: {type: integer, default: 5}
YAML
compile() { # BODY
  cat >use.ts <<TS
import type { paths } from './types';
export const body: paths['/chats']['post']['requestBody']['content']['application/json'] = $1;
TS
  tsc --noEmit --strict use.ts >said && echo compiles || grep -o "error TS[0-9]*: Property '[a-z]*' is missing" said
}
{
  openapi-typescript document.yaml -o types.ts &>said
  echo "without limit: $(compile "{ text: 'hello' }")"
  echo "with limit: $(compile "{ text: 'hello', limit: 5 }")"
  openapi-typescript document.yaml -o types.ts --default-non-nullable=false &>said
  echo "without limit, --default-non-nullable=false: $(compile "{ text: 'hello' }")"
} | tee seen
diff - seen <<'EXPECTED'
without limit: error TS2741: Property 'limit' is missing
with limit: compiles
without limit, --default-non-nullable=false: compiles
EXPECTED
