# shellcheck shell=bash
# A question that shows wrong decoding and wrong splitting into lines: Latin, CJK, beyond the BMP, and the
# separators U+2028, U+2029 and U+0085, at which line readers of some languages split. The switch repeats it.
QUESTION=$'Grüße, 你好, 😀 one\xE2\x80\xA8two\xE2\x80\xA9three\xC2\x85four'
# shellcheck disable=SC2034  # for the scripts that source this
readonly QUESTION ANSWER="switch heard: $QUESTION"
# shellcheck disable=SC2034  # jq: how often the switch was asked
readonly CHATS='.switch["POST /switch/route-v5"] // 0'
