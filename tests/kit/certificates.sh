#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/kit/certificates.sh FOLDER
#
# Makes a folder with an authority (ca.pem) and what it has signed, each as
# NAME-cert.pem and NAME-key.pem: "good" for localhost and 127.0.0.1,
# "elsewhere" for another host, "expired" since yesterday, "client" for a
# client called weir; "self" is signed by nobody else. cert.pem and key.pem
# are copies of the good ones, for a server to be shown others in their place.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: tests/kit/certificates.sh FOLDER" >&2
    exit 2
fi
here="subjectAltName=DNS:localhost,IP:127.0.0.1"
new=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
mkdir -p "$1"
cd "$1"

# signed NAME EXTENSIONS DAYS
signed() {
    openssl req "${new[@]}" -keyout "$1-key.pem" -out "$1.csr" -subj "/CN=weir"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem \
        -CAcreateserial -days "$3" -extfile <(echo "$2") -out "$1-cert.pem"
    rm "$1.csr"
}

{
    openssl req -x509 "${new[@]}" -keyout ca-key.pem -out ca.pem -days 2 \
        -subj "/CN=weir tests"
    signed good "$here" 2
    signed elsewhere "subjectAltName=DNS:elsewhere" 2
    signed expired "$here" -1
    signed client "extendedKeyUsage=clientAuth" 2
    openssl req -x509 "${new[@]}" -keyout self-key.pem -out self-cert.pem \
        -days 2 -subj "/CN=weir self" -addext "$here"
} 2>/dev/null
cp good-cert.pem cert.pem
cp good-key.pem key.pem
