import ssl
from pathlib import Path

from pyro_core.testing.certificates import Authority, have_openssl


def test_certificates_are_made_where_there_is_openssl(authority: Authority) -> None:
    assert have_openssl()
    certfile, keyfile = authority.issue("mine", ["DNS:me.example"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certfile, keyfile)
    context.load_verify_locations(authority.certfile)
    assert context.get_ca_certs()[0]["subject"] == ((("commonName", "authority"),),)


def test_two_authorities_know_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = Authority(tmp_path, "one"), Authority(tmp_path, "other")
    assert one.certfile != other.certfile
    assert one.client().cafile == one.certfile
    assert other.server("there").certfile == str(tmp_path / "there.pem")
