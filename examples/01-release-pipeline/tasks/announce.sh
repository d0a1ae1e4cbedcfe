# Tell everybody how it went; here, write it into the log.
# The shell needs no more than this of the contract: the input is JSON in a variable.
set -eu
echo "$BUBU_STORY_NAME: run $BUBU_STORYRUN_ID is over, input was $BUBU_STEP_CONFIG"
echo '{"told": ["#releases"]}' >"$RUNWRIGHT_OUTPUT"
