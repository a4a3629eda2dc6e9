#!/bin/sh
# Make the store's one bucket. Made before, it stays as it is.
set -eu
printf 's3.bucket.create -name fieldstream\ns3.bucket.list\n' | weed shell -master=storage:9333 | tee /dev/stderr | grep -q fieldstream
