#!/bin/sh
# Usage: sh client.sh URL
set -e
methods="$1/objects/http.shop/methods"

echo "nails left: $(curl -sS "$methods/take" -H 'Content-Type: application/json' -d '{"args": ["nail", 10]}')"
echo "without JSON: $(curl -sS "$1/pyro/http.shop/take?product=nail")"
echo "status: $(curl -sS -o /dev/null -w '%{http_code}' "$1/objects/private")"
curl -sS "$methods/inventory" -H 'Content-Type: application/json' -d '{}'
