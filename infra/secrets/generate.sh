#!/bin/sh
# Make each service's secrets on the first start, and never again: random, in a folder of the service's own, readable
# by the user it runs as and nobody else. There are no defaults to forget to change.
#
#   generate.sh FOLDER SPARK_DEFAULTS
#
# FOLDER holds one sub-folder for each service that wants secrets. Spark takes its secret only from its configuration,
# so SPARK_DEFAULTS is copied beside it with the secret as its last line, anew on every start.
set -eu
umask 077
root=$1
spark_defaults=$2

random() {
    # 32 random bytes in the base64 of file names, which is what Airflow's Fernet key must be.
    head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'
}

keep() {
    # keep FOLDER/FILE: write standard input there unless a secret is there already.
    # Moved into place whole, so that a start cut short leaves no half secret to be kept.
    if [ -s "$root/$1" ]; then
        cat > /dev/null
    else
        cat > "$root/$1.new"
        mv "$root/$1.new" "$root/$1"
    fi
}

own() {
    # own FOLDER UID: only the service's user may enter. Where we are not root (a test), everything is ours already.
    if [ "$(id -u)" = 0 ]; then
        chown -R "$2:$2" "$root/$1"
    fi
    chmod 0700 "$root/$1"
    find "$root/$1" -type f -exec chmod 0600 {} +
}

random | keep postgres/password
printf 'postgresql+psycopg2://airflow:%s@postgres:5432/airflow' "$(cat "$root/postgres/password")" | keep airflow/database_url
random | keep airflow/fernet_key
random | keep airflow/jwt_secret
random | keep airflow/session_secret
printf '{"admin": "%s"}\n' "$(random)" | keep airflow-login/passwords.json
random | keep spark/secret
{
    cat "$spark_defaults"
    printf 'spark.authenticate.secret %s\n' "$(cat "$root/spark/secret")"
} > "$root/spark/spark-defaults.conf"
printf '{"identities": [{"name": "fieldstream", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}\n' \
    "$(random)" "$(random)" | keep storage/s3.json
# The same, for those who read and write the lake in the store.
sed -n 's/.*"accessKey": "\([^"]*\)", "secretKey": "\([^"]*\)".*/[default]\naws_access_key_id = \1\naws_secret_access_key = \2/p' \
    "$root/storage/s3.json" > "$root/lake/credentials"
random | keep grafana/password

own postgres 70
own airflow 10001
own airflow-login 10001
own spark 10001
own storage 0
own lake 10001
own grafana 472
