# vx11_library(target EXPORT name [HEADERS …] [DETAIL …] [SOURCES …] [PUBLIC …] [PRIVATE …])
# One room of the library: its installed headers, relative to include/, its sources and the libraries
# it links. Without SOURCES it is header-only. DETAIL headers are installed but not public: they are
# not included directly and so not verified on their own.
function(vx11_library target)
  cmake_parse_arguments(ARG "" "EXPORT" "HEADERS;DETAIL;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    set(scope PUBLIC)
    add_library(${target} ${ARG_SOURCES})
    vx11_own_target(${target})
    set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
      INSTALL_RPATH $ORIGIN)  # libraries find each other in any installation folder
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
    # An installed library says which std::string it was built with; see detail/requirements.hpp.
    if(DEFINED vx11_cxx11_abi)
      target_compile_definitions(${target} INTERFACE
        $<INSTALL_INTERFACE:VX11_CXX11_ABI=${vx11_cxx11_abi}>)
    endif()
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      target_compile_definitions(${target} PUBLIC VX11_STATIC_DEFINE)
    endif()
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
    target_compile_features(${target} INTERFACE cxx_std_20)
  endif()
  add_library(vx11::${ARG_EXPORT} ALIAS ${target})
  target_link_libraries(${target} ${scope} ${ARG_PUBLIC})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${ARG_EXPORT}
    VERIFY_INTERFACE_HEADER_SETS ${VX11_BUILD_TESTS}
    INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
  vx11_header_set(${target} ${scope} HEADERS ${ARG_HEADERS})
  if(ARG_DETAIL)
    vx11_header_set(${target} ${scope} detail ${ARG_DETAIL})
  endif()
  set_property(GLOBAL APPEND PROPERTY VX11_COMPONENTS ${ARG_EXPORT})
endfunction()

function(vx11_header_set target scope set)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/include/)
  target_sources(${target} ${scope} FILE_SET ${set} TYPE HEADERS
    BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${ARGN})
  set_property(GLOBAL APPEND PROPERTY VX11_LISTED_HEADERS ${ARGN})
endfunction()

# An unlisted header would be missing from installations, and only there.
function(vx11_check_headers)
  file(GLOB_RECURSE there CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp)
  get_property(listed GLOBAL PROPERTY VX11_LISTED_HEADERS)
  list(REMOVE_ITEM there ${listed})
  if(there)
    message(FATAL_ERROR "headers that no vx11_library() in src/CMakeLists.txt lists: ${there}")
  endif()
endfunction()
