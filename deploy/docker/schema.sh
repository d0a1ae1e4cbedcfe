# Creates Temporal's two databases and brings their schemas up to date. Again is harmless.
set -eu

export SQL_PLUGIN=postgres12 SQL_HOST="$POSTGRES_SEEDS" SQL_PORT="$DB_PORT"
export SQL_USER="$POSTGRES_USER" SQL_PASSWORD="$POSTGRES_PWD"
versions="${TEMPORAL_SCHEMAS:-/etc/temporal/schema}/postgresql/v12"

bring_up() { # DATABASE FOLDER
    temporal-sql-tool --db "$1" create
    temporal-sql-tool --db "$1" setup-schema --version 0.0
    temporal-sql-tool --db "$1" update-schema --schema-dir "$versions/$2/versioned"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
