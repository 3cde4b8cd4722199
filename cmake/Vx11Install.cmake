# The CMake package: find_package(vx11 CONFIG [COMPONENTS core vx11 asio sqlite redis httplib]).
include(CMakePackageConfigHelpers)

set(vx11_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vx11)
set(vx11_components core vx11)
install(TARGETS vx11_core vx11 EXPORT vx11-targets)
foreach(component IN ITEMS asio sqlite redis httplib)
  if(TARGET vx11_${component})
    list(APPEND vx11_components ${component})
    install(TARGETS vx11_${component} EXPORT vx11-targets)
  endif()
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT vx11-targets NAMESPACE vx11:: DESTINATION ${vx11_package_dir})

get_target_property(vx11_type vx11 TYPE)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/vx11-config.cmake.in ${PROJECT_BINARY_DIR}/vx11-config.cmake
  INSTALL_DESTINATION ${vx11_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vx11-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/vx11-config.cmake ${PROJECT_BINARY_DIR}/vx11-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findcpp-httplib.cmake ${CMAKE_CURRENT_LIST_DIR}/Findhiredis.cmake
  DESTINATION ${vx11_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET vx11-gateway)
  install(TARGETS vx11-gateway)
endif()
