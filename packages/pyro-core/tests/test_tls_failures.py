import ssl

import pytest

from pyro_core.net.tls_failures import TlsError, explanation


def failure(reason: str) -> ssl.SSLError:
    """An error as the ssl module makes it."""
    problem = ssl.SSLError(1, f"[SSL: {reason}] whatever (_ssl.c:1)")
    problem.reason = reason
    return problem


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("WRONG_VERSION_NUMBER", "the client does not speak TLS"),
        ("HTTP_REQUEST", "the client does not speak TLS"),
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "has no certificate, and this server requires one"),
        ("NO_SHARED_CIPHER", "shares no cipher"),
        ("TLSV1_ALERT_UNKNOWN_CA", "the client refused the connection (unknown ca): it does not know"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "our certificate has expired"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "give TLS(certfile=...)"),
        ("TLSV1_ALERT_NO_RENEGOTIATION", "(no renegotiation): it gave no other reason"),
        ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "decryption failed or bad record mac"),
    ],
)
def test_a_failure_is_told_in_words(reason: str, text: str) -> None:
    assert text in explanation(failure(reason), server_side=True)


def test_the_other_side_is_called_what_it_is() -> None:
    assert "the server does not" in explanation(failure("HTTP_REQUEST"), server_side=False)


def test_a_certificate_that_is_not_accepted_is_told_with_the_remedy() -> None:
    problem = ssl.SSLCertVerificationError(1, "x")
    problem.verify_message = "self-signed certificate"
    assert explanation(problem, server_side=False).endswith(
        "the server's certificate is not accepted here: self-signed certificate; "
        "give its authority with TLS(cafile=...)"
    )
    assert "cafile" not in explanation(problem, server_side=True)


def test_failures_without_a_reason_are_explained_as_well() -> None:
    assert explanation(OSError(5, "Input/output error"), server_side=True) == (
        "TLS: failed with the client: Input/output error"
    )
    assert "no reason given" in explanation(OSError(), server_side=False)


def test_a_failure_breaks_the_connection() -> None:
    assert issubclass(TlsError, ConnectionResetError)


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        (9, "certificate is not yet valid", "compare the clocks of both sides"),
        (10, "certificate has expired", "its operator has to renew it"),
        (62, "Hostname mismatch.", "use an address with a name that is in the certificate"),
        (64, "IP address mismatch.", "use an address with a name that is in the certificate"),
    ],
)
def test_what_no_authority_would_cure_has_a_remedy_of_its_own(code: int, said: str, hint: str) -> None:
    problem = ssl.SSLCertVerificationError(1, "x")
    problem.verify_message, problem.verify_code = said, code
    text = explanation(problem, server_side=False)
    assert f"{said.rstrip('.')}; {hint}" in text
    assert "cafile" not in text
