# Upstreams, gateway and redis as processes that fail, hang and die.
include(${CMAKE_CURRENT_LIST_DIR}/../process_test.cmake)
foreach(part IN ITEMS comings_and_goings fault_matrix parallel_probes redis restart)
  vx11_process_test(faults.${part} ${CMAKE_CURRENT_LIST_DIR}/${part}.sh)
endforeach()
# By far the longest: started first, it runs beside all the others.
if(TEST faults.fault_matrix)
  set_tests_properties(faults.fault_matrix PROPERTIES COST 100)
endif()
