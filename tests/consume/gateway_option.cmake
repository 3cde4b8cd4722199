# VX11_BUILD_GATEWAY builds the gateway and no other example, and its component installs what it needs.
#   cmake -DSOURCE=… -DBUILD=… -DWORK=… -DSETTINGS=… -P gateway_option.cmake
# The tree in BUILD is built already; a second one is configured only.
function(run out)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${text}")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(expect text pattern)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "no '${pattern}' in:\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(configured ${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build ${SETTINGS}
  -DVX11_BUILD_EXAMPLES=OFF -DVX11_BUILD_GATEWAY=ON -DVX11_BUILD_TESTS=OFF -DVX11_C=OFF
  -DVX11_PYTHON_PACKAGE=OFF -DVX11_NODE_PACKAGE=OFF)
run(targets ${CMAKE_COMMAND} --build ${WORK}/build --target help)
expect("${targets}" "vx11-gateway")
if(targets MATCHES "vx11-upstream|example-|_test:")
  message(FATAL_ERROR "more than the gateway would be built:\n${targets}")
endif()
file(READ ${WORK}/build/cmake_install.cmake rules)
expect("${rules}" "examples/gateway/cmake_install.cmake|vx11-gateway")

# The old option is understood, with a warning.
run(configured ${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -DVX11_BUILD_GATEWAY=OFF -DVX11_ASIO=OFF)
expect("${configured}" "VX11_ASIO is deprecated")
run(targets ${CMAKE_COMMAND} --build ${WORK}/build --target help)
if(targets MATCHES "vx11_net")
  message(FATAL_ERROR "VX11_ASIO=OFF does not switch vx11::net off:\n${targets}")
endif()

run(installed ${CMAKE_COMMAND} --install ${BUILD} --component gateway --prefix ${WORK}/prefix)
run(version ${WORK}/prefix/bin/vx11-gateway --version)
file(GLOB_RECURSE files RELATIVE ${WORK}/prefix ${WORK}/prefix/*)
expect("${files}" "doc/[a-z0-9]+/configuration.md")
expect("${files}" "doc/[a-z0-9]+/gateway.json")
if(files MATCHES "include/|\\.a(;|$)")
  message(FATAL_ERROR "the component gateway installs more than the gateway: ${files}")
endif()
