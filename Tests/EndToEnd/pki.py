"""Certificates made by the openssl command, anew for each run, so that nothing in the tree expires."""

import datetime
import pathlib
import subprocess
from typing import NamedTuple


class Pair(NamedTuple):
    """The files of a certificate with its chain, and of its key."""

    chain: str
    key: str


def openssl(*arguments, text=None):
    result = subprocess.run(
        ["openssl", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return result.stdout


class Authority:
    """A certificate authority with its files in one directory."""

    def __init__(self, directory, name="authority"):
        self.directory = pathlib.Path(directory)
        self.name = name
        self._count = 0
        self.key = self.directory / f"{name}.key"
        self.pem = self.directory / f"{name}.pem"
        openssl(
            "req", "-x509", *self._new_key("ec"), "-keyout", self.key, "-out", self.pem, "-days", "10",
            "-subj", f"/CN=Test {name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=keyCertSign,cRLSign")

    @staticmethod
    def _new_key(kind):
        if kind == "rsa":
            return ["-newkey", "rsa:2048", "-nodes"]
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def issue(self, *names, subject="/CN=test", kind="ec", usage="serverAuth", days=5):
        """A certificate for names such as `DNS:localhost` or `IP:127.0.0.1`."""
        self._count += 1
        stem = self.directory / f"{self.name}-{self._count}"
        key, request, leaf = (stem.with_suffix(ending) for ending in (".key", ".csr", ".crt"))
        openssl("req", *self._new_key(kind), "-keyout", key, "-out", request, "-subj", subject)
        lines = [f"extendedKeyUsage={usage}"] + ([f"subjectAltName={','.join(names)}"] if names else [])
        extensions = stem.with_suffix(".ext")
        extensions.write_text("\n".join(lines))
        openssl(
            "x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-set_serial", str(1000 + self._count),
            "-days", days, "-extfile", extensions, "-out", leaf)
        chain = stem.with_suffix(".pem")
        chain.write_text(leaf.read_text() + self.pem.read_text())
        return Pair(str(chain), str(key))

    def issue_earlier(self, name, days_ago, days_left):
        """A certificate that has been valid for some days, and names its authority's key."""
        stem = self.directory / f"{self.name}-earlier"
        key, request, leaf, settings, records, extensions = (
            stem.with_suffix(ending) for ending in (".key", ".csr", ".crt", ".cnf", ".txt", ".ext"))
        openssl("req", *self._new_key("ec"), "-keyout", key, "-out", request, "-subj", "/CN=test")
        records.write_text("")
        extensions.write_text(f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid:always\n")
        settings.write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={records}\nnew_certs_dir={self.directory}\nrand_serial=yes\n"
            f"certificate={self.pem}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=any\n[any]\n"
            "commonName=optional\n")
        now = datetime.datetime.now(datetime.UTC)
        dates = [now - datetime.timedelta(days=days_ago), now + datetime.timedelta(days=days_left)]
        begin, end = (f"{date:%Y%m%d%H%M%SZ}" for date in dates)
        openssl(
            "ca", "-batch", "-notext", "-config", settings, "-in", request, "-out", leaf, "-startdate", begin,
            "-enddate", end, "-extfile", extensions)
        leaf.write_text(leaf.read_text() + self.pem.read_text())
        return Pair(str(leaf), str(key))

    def _index(self, pair, status):
        """The authority's records: one certificate, which is V for valid or R for revoked."""
        serial = openssl("x509", "-in", pair.chain, "-noout", "-serial").strip().split("=")[1]
        revoked = "" if status == "V" else "260101000000Z"
        index = self.directory / "index.txt"
        index.write_text(f"{status}\t490101000000Z\t{revoked}\t{serial}\tunknown\t/CN=test\n")
        return index

    def revocation_list(self, pair):
        """The PEM text of a list that has this certificate."""
        configuration = self.directory / "ca.cnf"
        configuration.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={self._index(pair, 'R')}\ndefault_md=sha256\ndefault_crl_days=1\n")
        return openssl("ca", "-gencrl", "-config", configuration, "-cert", self.pem, "-keyfile", self.key)

    def ocsp_response(self, pair, status="V"):
        """What the authority says of a certificate; `status` is V for good, R for revoked."""
        index = self._index(pair, status)
        response = str(pathlib.Path(pair.chain).with_suffix(f".{status}.ocsp"))
        openssl(
            "ocsp", "-index", index, "-CA", self.pem, "-rsigner", self.pem, "-rkey", self.key, "-issuer", self.pem,
            "-cert", pair.chain, "-ndays", "1", "-respout", response)
        return response
