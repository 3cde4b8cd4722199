# Prints the C++ code block number `want` of a Markdown file.
/^```cpp$/ { block++; inside = 1; next }
/^```$/ { inside = 0; next }
inside && block == want { print }
