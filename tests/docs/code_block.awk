# Prints the code block number `want` of a Markdown file, counting those in `language` (default: cpp).
BEGIN { if (!language) language = "cpp" }
$0 == "```" language { block++; inside = 1; next }
/^```$/ { inside = 0; next }
inside && block == want { print }
