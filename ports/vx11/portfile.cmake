# The port builds the tree that it is part of, as an overlay port. A registry's copy names a release here,
# by vcpkg_from_github with the SHA512 of its archive.
set(SOURCE_PATH "${CURRENT_PORT_DIR}/../..")
if(NOT EXISTS "${SOURCE_PATH}/include/vx11/version.hpp")
  message(FATAL_ERROR "${SOURCE_PATH} is not the tree of vx11: use this port as an overlay, from ports/ of the tree")
endif()

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES
    net VX11_NET
    httplib VX11_HTTPLIB
    redis VX11_REDIS
    sqlite VX11_SQLITE
    websocket VX11_WEBSOCKET)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${FEATURE_OPTIONS}
    -DVX11_BUILD_TESTS=OFF
    -DVX11_BUILD_EXAMPLES=OFF
    -DVX11_C=OFF
    -DVX11_PYTHON_PACKAGE=OFF
    -DVX11_NODE_PACKAGE=OFF
    -DVX11_WARNINGS_AS_ERRORS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/vx11)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE
  "${CURRENT_PACKAGES_DIR}/debug/include"
  "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
