"""Makes and reads certificates, with the package ``cryptography`` (extra ``certs``)."""

import ipaddress
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pyro_core.errors import PluginError, SettingsError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ModuleNotFoundError as missing:
    raise PluginError(
        f"certificates need the module {missing.name!r}, which is not installed; "
        "pip install 'pyro-cli[certs]'",
        group="pyro.commands",
        name="certs",
    ) from missing

_SECRET: Final = 0o600
_CLOCKS_DIFFER: Final = timedelta(minutes=5)

Facts = dict[str, Any]


def make_authority(folder: Path, name: str, *, days: int, replace: bool = False) -> Facts:
    """Make ``ca.pem`` and ``ca.key``.

    Args:
        folder: Where they go; it is made if need be.
        name: What the authority is called.
        days: How long it is good for.
        replace: Whether files that are there are replaced.

    Raises:
        SettingsError: If they are there and not to be replaced.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    builder = _builder(subject, subject, key.public_key(), days).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _write(folder, "ca", builder.sign(key, hashes.SHA256()), key, replace=replace)


def issue_certificate(
    folder: Path, name: str, hosts: Sequence[str], *, days: int, replace: bool = False
) -> Facts:
    """Make ``NAME.pem`` and ``NAME.key``, for servers and for clients.

    Args:
        folder: Where ``ca.pem`` and ``ca.key`` are; the files go there, too.
        name: Whose it is.
        hosts: Host names and addresses that it is for.
        days: How long it is good for, at most as long as the authority.
        replace: Whether files that are there are replaced.

    Raises:
        SettingsError: If there is no authority, the name is no file name, or the files are there.
    """
    if name == "ca" or not name or Path(name).name != name:
        raise SettingsError(f"{name!r} cannot be the name of a certificate: it names its files", name="NAME")
    authority, signer = _authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    last = authority.not_valid_after_utc
    builder = _builder(_named(name), authority.subject, key.public_key(), days, last)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage(usages), False),
        (x509.SubjectAlternativeName(list(map(_general_name, hosts))), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _write(folder, name, builder.sign(signer, hashes.SHA256()), key, replace=replace)


def read_certificates(file: Path) -> list[Facts]:
    """What the certificates in a PEM file say.

    Raises:
        SettingsError: If there is none in it.
    """
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as problem:
        raise SettingsError(
            f"{file} has no certificate in PEM form ({problem}); give a file such as ca.pem", name=str(file)
        ) from problem
    return [_facts(certificate, file) for certificate in found]


def _facts(certificate: x509.Certificate, file: Path) -> Facts:
    ends = certificate.not_valid_after_utc
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [str(name.value) for name in names]
    except x509.ExtensionNotFound:
        hosts = []
    return {
        "name": _common_name(certificate.subject),
        "issuer": _common_name(certificate.issuer),
        "hosts": hosts,
        "begins": certificate.not_valid_before_utc,
        "expires": ends,
        "days_left": (ends - datetime.now(UTC)).days,
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "file": str(file),
    }


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    days: int,
    last: datetime | None = None,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    ends = now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(ends if last is None else min(ends, last))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certfile, keyfile = folder / "ca.pem", folder / "ca.key"
    if not (certfile.exists() and keyfile.exists()):
        raise SettingsError(
            f"there is no ca.pem with ca.key in {folder}; "
            f"make them with 'pyro-cli certs init-ca --folder {folder}'",
            name="--folder",
        )
    foreign = SettingsError(
        f"{folder} was not made by 'pyro-cli certs init-ca'; use a new folder", name="--folder"
    )
    try:
        key = serialization.load_pem_private_key(keyfile.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(certfile.read_bytes())
    except (ValueError, TypeError) as problem:
        raise foreign from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise foreign
    return certificate, key


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *, replace: bool
) -> Facts:
    certfile, keyfile = folder / f"{name}.pem", folder / f"{name}.key"
    for file in (certfile, keyfile):
        if file.exists() and not replace:
            raise SettingsError(f"{file} is there already; --force replaces it", name="--force")
    folder.mkdir(parents=True, exist_ok=True)
    keyfile.unlink(missing_ok=True)  # a file that others may read would keep its mode
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(keyfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET), "wb") as opened:
        opened.write(secret)
    certfile.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    facts = _facts(certificate, certfile)
    return {
        "name": facts["name"],
        "certificate": str(certfile),
        "key": str(keyfile),
        "expires": facts["expires"],
    }
