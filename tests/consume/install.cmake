# Installs into an empty prefix: a build that there is, or with SOURCE one that is made first.
#   cmake [-DSOURCE=… -DSETTINGS=…] -DBUILD=… -DPREFIX=… -P install.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${out}")
  endif()
endfunction()

if(SOURCE)
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} ${SETTINGS})
  run(${CMAKE_COMMAND} --build ${BUILD})
endif()
file(REMOVE_RECURSE ${PREFIX})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})
