# Configures and builds a project that uses the library, and runs its programs.
#   cmake -DSOURCE=… -DWORK=… -DSETTINGS=… -DPROGRAMS=… -P consume.cmake
# SETTINGS is a list of -D…, PROGRAMS one of names; both may be empty. Prints all output on failure.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK} ${SETTINGS})
run(${CMAKE_COMMAND} --build ${WORK})
foreach(program IN LISTS PROGRAMS)
  run(${WORK}/${program})
endforeach()
