#!/usr/bin/env bash
# Looks for input that breaks a codec: run.sh TARGET [SECONDS]. The targets are the files beside this one.
# What breaks one is left in .build-fuzz/TARGET, and is to become a test.
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=$(cd Tests/Fuzz && ls ./*Fuzz.swift | sed 's|^./||; s|Fuzz.swift||' | tr '\n' ' ')
target="${1:?name a target: $targets}"
seconds="${2:-600}"
source="Tests/Fuzz/${target}Fuzz.swift"
[ -e "$source" ] || { echo "there is no target $target; there are: $targets" >&2; exit 2; }

sanitizers=fuzzer,address
out=.build-fuzz
modules=(Handlers Registries Transcoding)
for module in "${modules[@]}"; do
    swift build --scratch-path "$out" --configuration release --target "$module" -Xswiftc "-sanitize=$sanitizers"
done

objects=()
for module in Bytes JSON Transcoding HTTP Compression CLinux Reactor Gateway Transports Upstream Handlers Registries \
    Logging; do
    while IFS= read -r object; do objects+=("$object"); done < <(find "$out/release/$module.build/" -name '*.o')
done
includes=(-I "$out/release/Modules" -I Sources/COpenSSL -I Sources/CZlib)
includes+=(-Xcc "-fmodule-map-file=$out/release/CLinux.build/module.modulemap" -Xcc -ISources/CLinux/include)
mkdir -p "$out/$target/corpus"
swiftc -swift-version 6 -package-name "$(basename "$PWD" | tr - _)" -parse-as-library -O "-sanitize=$sanitizers" \
    -enable-experimental-feature Lifetimes "${includes[@]}" -module-name "${target}Fuzz" \
    Tests/Fuzz/Cutting.swift "$source" "${objects[@]}" -lssl -lcrypto -lz -o "$out/$target/fuzz" \
    2> >(grep -v "Cannot export local symbol" >&2)

seeds=()
[ ! -d "Tests/Fuzz/Seeds/$target" ] || seeds=("Tests/Fuzz/Seeds/$target")
# Swift's own backtraces take minutes with the sanitizer's memory; the sanitizer prints one anyway.
SWIFT_BACKTRACE=enable=no exec "$out/$target/fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$out/$target/" -print_final_stats=1 "$out/$target/corpus" "${seeds[@]}"
