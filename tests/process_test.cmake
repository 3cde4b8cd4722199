# vx11_process_test(NAME SCRIPT [ARGUMENT…]): a script that starts the real programs itself. Scripts
# share nothing, so ctest may run them side by side.
function(vx11_process_test name script)
  if(NOT TARGET vx11-gateway OR NOT TARGET vx11-upstream)
    return()
  endif()
  set(operator "")
  if(TARGET vx11-operator)
    set(operator "VX11_OPERATOR=$<TARGET_FILE:vx11-operator>")
  endif()
  add_test(NAME ${name} COMMAND bash ${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 300
    LABELS process
    ENVIRONMENT
      "VX11_GATEWAY=$<TARGET_FILE:vx11-gateway>;VX11_UPSTREAM=$<TARGET_FILE:vx11-upstream>;${operator}")
endfunction()
