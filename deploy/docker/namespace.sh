# Creates the namespace that TEMPORAL_NAMESPACE names, once Temporal answers. Again is harmless.
set -eu

tries=0
until said="$(temporal operator cluster health 2>&1)"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 30 ]; then
        echo "$said" >&2
        exit 1
    fi
    sleep 2
done
if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi
