#!/usr/bin/env bash
# The wheel, installed where nothing else is.
#   python.sh PYTHON WHEELS WORK
set -euo pipefail
python=$1 wheels=$2 work=$3
rm -rf "$work" && mkdir -p "$work"
"$python" -m pip --quiet --disable-pip-version-check install --no-index --no-deps \
  --no-warn-script-location --root-user-action ignore --target "$work/site" "$wheels"/vx11-*.whl
cd "$work"
PYTHONPATH=site "$python" -c '
import vx11
transport = vx11.FunctionTransport(lambda request: vx11.Response(body=b"{\"response\":\"hello\"}"))
router = vx11.Router([vx11.Target("madre", "http://m:1", transport=transport)])
assert router.ask("hi").text == "hello"'
test -f site/vx11/py.typed
