# Upstreams, gateway and redis as processes that fail, hang and die.
include(${CMAKE_CURRENT_LIST_DIR}/../process_test.cmake)
foreach(part IN ITEMS comings_and_goings fault_matrix parallel_probes redis restart)
  vx11_process_test(faults.${part} ${CMAKE_CURRENT_LIST_DIR}/${part}.sh)
endforeach()
