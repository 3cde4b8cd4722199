# Settings for the project's own targets only; none propagates to targets that link them.
function(vx11_own_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    # Sources have names of their own in unnamed namespaces, which differ between files; a parent
    # project's CMAKE_UNITY_BUILD would put them into one.
    UNITY_BUILD OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor
    # g++ 12 at -O2 and above falsely warns about overlaps (GCC bug 105651) and uninitialised members
    # (105562) in std::string.
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict;-Wno-maybe-uninitialized>
    $<$<BOOL:${VX11_WARNINGS_AS_ERRORS}>:-Werror>)
  if(VX11_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${VX11_SANITIZE} -fno-omit-frame-pointer
      $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
    target_link_options(${target} PRIVATE -fsanitize=${VX11_SANITIZE})
  endif()
  if(VX11_FUZZ)  # coverage guides the fuzzer; clang 14 cannot assemble coroutines that check function types
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link -fno-sanitize=function)
  endif()
endfunction()
