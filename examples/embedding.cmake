# Small programs that embed the library. A test runs each and checks its output.
if(VX11_BUILD_TESTS)
  enable_testing()  # also here: this directory is read before the top-level call
endif()

function(vx11_embedding_example name)
  cmake_parse_arguments(ARG "" "PRINTS" "LINKS" ${ARGN})
  add_executable(example-${name} ${name}.cpp)
  vx11_own_target(example-${name})
  target_link_libraries(example-${name} PRIVATE ${ARG_LINKS})
  if(VX11_BUILD_TESTS)
    add_test(NAME example.${name} COMMAND example-${name})
    set_tests_properties(example.${name} PROPERTIES
      PASS_REGULAR_EXPRESSION "${ARG_PRINTS}" TIMEOUT 60)
  endif()
endfunction()

vx11_embedding_example(breaker LINKS vx11::core
  PRINTS "failed. the circuit is open\nrejected, come back in 60 s.*later.*answered. the circuit is closed")
vx11_embedding_example(fallback LINKS vx11::vx11
  PRINTS "madre is here .switch_error.\n  switch: error\n  madre: answered.*switch_circuit_open")
vx11_embedding_example(health LINKS vx11::vx11
  PRINTS "madre: ok.*switch: offline circuit_open.*hermes: unreachable.*overall: ok")
find_package(Boost 1.74 QUIET)
if(Boost_FOUND)
  vx11_embedding_example(boost_asio LINKS vx11::vx11 Boost::headers PRINTS "madre: after a moment")
  target_compile_definitions(example-boost_asio PRIVATE  # see <vx11/boost_asio.hpp>
    $<$<CXX_COMPILER_ID:Clang>:BOOST_ASIO_HAS_CO_AWAIT=1>)
endif()
if(VX11_HTTPLIB)
  vx11_embedding_example(mount LINKS vx11::vx11 vx11::httplib
    PRINTS "mine: 200 a route of my own.*health: 200 .*state: 401 .*auth_required.*state: 200 .*solo_madre")
  vx11_embedding_example(pipeline LINKS vx11::vx11 vx11::httplib
    PRINTS "busy: 200 after 3 requests. the circuit is closed\n/stuck: timeout after 3 requests. the circuit is open\n/busy: circuit_open after 0 requests")
endif()
if(VX11_NET)
  vx11_embedding_example(own_routes LINKS vx11::vx11 vx11::net
    PRINTS "hello, J..?rg.*countdown: 200 3\n2\n1.*nothing: 404")
endif()
