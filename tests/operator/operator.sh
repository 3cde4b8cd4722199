# shellcheck shell=bash
# Starts and stops vx11-operator, for scripts that have sourced ../lib.sh.
OPERATOR=''

# start_operator [OPTION…]: before the gateway at BASE, with the gateway's token for its watcher. OPERATOR is where.
start_operator() {
  [[ -x $OPERATOR_PROGRAM ]] || die "vx11-operator is not built"
  # No balancer stands before it.
  VX11_OPERATOR_SERVER_DRAIN_DELAY=${VX11_OPERATOR_SERVER_DRAIN_DELAY:-0s} \
    start operator '^listening on ' "$OPERATOR_PROGRAM" --listen "${OPERATOR_LISTEN:-127.0.0.1:0}" --gateway "$BASE" \
    --database "$WORK/operator.db" "$@"
  OPERATOR=$(url_of operator 'listening on')
}

# end_operator: it must always exit with 0; sanitizer reports are detected here.
end_operator() {
  [[ -n ${PIDS[operator]:-} ]] || return 0
  stop operator
  ((EXIT_CODE == 0)) && return
  FAILED=$((FAILED + 1))
  echo "FAIL SIGTERM ends the backend with $EXIT_CODE" >&"$REPORT"
}
