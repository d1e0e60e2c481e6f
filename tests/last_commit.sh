#!/bin/sh
# A clone of the last commit, for the scripts that run a study in one: made, or brought up to date where an earlier call left it with its
# environment, so that none of them tries an older commit than it says.
#
#   tests/last_commit.sh folder [repository, or a bundle of one]      that of this file unless it is named
set -eu
FROM=${2:-$(cd "$(dirname "$0")/.." && pwd)}
[ -d "$1/.git" ] || git init --quiet --initial-branch main "$1"
git -C "$1" fetch --quiet "$FROM" HEAD
git -C "$1" -c advice.detachedHead=false checkout --quiet --force --detach FETCH_HEAD
