# The CMake package, find_package(vx11 CONFIG [COMPONENTS core vx11 net sqlite redis websocket httplib]), and a
# pkg-config file for each compiled room.
include(CMakePackageConfigHelpers)

set(vx11_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vx11)
get_property(vx11_components GLOBAL PROPERTY VX11_COMPONENTS)
get_target_property(vx11_type vx11 TYPE)

# Each component is exported separately, so that using one does not require the others.
function(vx11_install component)
  get_target_property(target vx11::${component} ALIASED_TARGET)
  get_target_property(header_sets ${target} INTERFACE_HEADER_SETS)
  set(file_sets "")
  foreach(set IN LISTS header_sets)
    list(APPEND file_sets FILE_SET ${set} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
  endforeach()
  install(TARGETS ${target} EXPORT vx11-${component}-targets
    RUNTIME COMPONENT runtime
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
    ${file_sets})
  install(EXPORT vx11-${component}-targets NAMESPACE vx11::
    DESTINATION ${vx11_package_dir} COMPONENT development)
endfunction()

foreach(component IN LISTS vx11_components)
  vx11_install(${component})
endforeach()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/vx11-config.cmake.in ${PROJECT_BINARY_DIR}/vx11-config.cmake
  INSTALL_DESTINATION ${vx11_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vx11-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/vx11-config.cmake ${PROJECT_BINARY_DIR}/vx11-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findcpp-httplib.cmake ${CMAKE_CURRENT_LIST_DIR}/Findhiredis.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findwslay.cmake
  DESTINATION ${vx11_package_dir} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)

# Sets PC_PREFIX, PC_LIBDIR and PC_INCLUDEDIR. The prefix follows the file, so that an installation may be
# moved, unless the file's own folder is an absolute one.
macro(vx11_pkg_config_folders)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  else()
    file(RELATIVE_PATH PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
    string(PREPEND PC_PREFIX "\${pcfiledir}/")
  endif()
  foreach(folder IN ITEMS LIBDIR INCLUDEDIR)
    set(PC_${folder} "${CMAKE_INSTALL_${folder}}")
    if(NOT IS_ABSOLUTE "${PC_${folder}}")
      string(PREPEND PC_${folder} "\${prefix}/")
    endif()
  endforeach()
endmacro()

# vx11_pkg_config(name DESCRIPTION text LIBRARY name [REQUIRES …] [NEEDS …] [LINKS …]): NEEDS are linked by a
# shared library itself, and by the users of a static one. LINKS are the same without a pkg-config file.
function(vx11_pkg_config name)
  cmake_parse_arguments(PC "" "DESCRIPTION;LIBRARY" "REQUIRES;NEEDS;LINKS" ${ARGN})
  set(PC_CFLAGS "")
  if(vx11_type STREQUAL "STATIC_LIBRARY")
    list(APPEND PC_REQUIRES ${PC_NEEDS})
    set(PC_NEEDS "")
  else()
    set(PC_LINKS "")
    set(PC_CFLAGS " -DVX11_STATIC_DEFINE")
  endif()
  list(TRANSFORM PC_LINKS PREPEND " -l")
  list(JOIN PC_LINKS "" PC_LINKS)
  list(JOIN PC_REQUIRES " " PC_REQUIRES)
  list(JOIN PC_NEEDS " " PC_NEEDS)
  if(DEFINED vx11_cxx11_abi AND NOT name STREQUAL "vx11-c")
    string(APPEND PC_CFLAGS " -DVX11_CXX11_ABI=${vx11_cxx11_abi}")
  endif()
  vx11_pkg_config_folders()
  set(PC_NAME ${name})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/vx11.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

vx11_pkg_config(vx11 LIBRARY vx11 DESCRIPTION "${PROJECT_DESCRIPTION}"
  NEEDS fmt libssl libcrypto)
if(TARGET vx11_net)
  vx11_pkg_config(vx11-net LIBRARY vx11_net DESCRIPTION "vx11's event-driven server and transport"
    REQUIRES vx11)
  # Deprecated, removed with the next minor version.
  vx11_pkg_config(vx11-asio LIBRARY vx11_net DESCRIPTION "The old name of vx11-net" REQUIRES vx11-net)
endif()
if(TARGET vx11_sqlite)
  vx11_pkg_config(vx11-sqlite LIBRARY vx11_sqlite DESCRIPTION "vx11's sessions in an SQLite file"
    REQUIRES vx11 NEEDS sqlite3)
endif()
if(TARGET vx11_redis)
  vx11_pkg_config(vx11-redis LIBRARY vx11_redis DESCRIPTION "vx11's client of Redis"
    REQUIRES vx11-net NEEDS hiredis libcrypto)
endif()
if(TARGET vx11_websocket)
  vx11_pkg_config(vx11-websocket LIBRARY vx11_websocket DESCRIPTION "vx11's WebSockets"
    REQUIRES vx11-net NEEDS fmt libcrypto LINKS wslay)
endif()
if(TARGET vx11_c)
  # It contains its dependencies: it requires nothing, shared or static.
  vx11_pkg_config(vx11-c LIBRARY vx11_c DESCRIPTION "vx11 for C")
endif()

if(TARGET vx11-gateway)
  install(TARGETS vx11-gateway COMPONENT gateway)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/configuration.md ${PROJECT_SOURCE_DIR}/docs/operations.md
    ${PROJECT_SOURCE_DIR}/docs/openapi/gateway.json
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT gateway)
endif()
if(TARGET vx11-operator)
  install(TARGETS vx11-operator COMPONENT operator)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/operator-configuration.md ${PROJECT_SOURCE_DIR}/docs/openapi/operator.json
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/vx11-operator COMPONENT operator)
endif()
if(PROJECT_IS_TOP_LEVEL)
  include(Vx11Debian)
endif()
