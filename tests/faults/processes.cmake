# Upstreams, gateway and redis as processes that fail, hang and die.
include(${CMAKE_CURRENT_LIST_DIR}/../process_test.cmake)
foreach(part IN ITEMS comings_and_goings exhaustion fault_matrix parallel_probes power_polling redis restart
                      restart_under_load several_addresses slow_switch)
  vx11_process_test(faults.${part} ${CMAKE_CURRENT_LIST_DIR}/${part}.sh)
endforeach()
if(TEST faults.several_addresses)
  set_tests_properties(faults.several_addresses PROPERTIES SKIP_RETURN_CODE 77)
endif()
# By far the longest: started first, it runs beside all the others.
if(TEST faults.fault_matrix)
  set_tests_properties(faults.fault_matrix PROPERTIES COST 100)
endif()
