"""Tokens of Go Micro (JWT, RS256), signed by the openssl command."""

import base64
import json
import pathlib
import subprocess
import time

import pki


def _encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Issuer:
    """A key that signs, with its files in one directory."""

    def __init__(self, directory, name="issuer"):
        self._key = pathlib.Path(directory) / f"{name}.key"
        pki.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._key)
        self.pem = pki.openssl("pkey", "-in", self._key, "-pubout")
        self.public_key = base64.b64encode(self.pem.encode()).decode()
        """As the flag has it."""

    def token(self, account="joe", scopes=("user",), issuer="go.micro", lasts=3_600, algorithm="RS256", **claims):
        head = {"alg": algorithm, "typ": "JWT"}
        members = {
            "type": "user", "scopes": list(scopes), "metadata": None, "exp": int(time.time()) + lasts, "iss": issuer,
            "sub": account, **claims}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (head, members))
        result = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self._key)], input=signed.encode(), capture_output=True,
            check=True, timeout=30)
        return f"{signed}.{_encode(result.stdout)}"
