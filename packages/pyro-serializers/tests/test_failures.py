from pyro_serializers.failures import decoding_failed, encoding_failed


def test_an_error_says_which_serializer_failed_and_why() -> None:
    for make in (encoding_failed, decoding_failed):
        error = make("serpent", ValueError("x" * 1000))
        assert error.serializer == "serpent"
        assert str(error).startswith("serpent cannot ")
        assert "ValueError: xxx" in str(error)
        assert len(str(error)) < 700


def test_recursion_is_told_in_terms_of_the_value() -> None:
    assert "nested too deep, or contains itself" in str(encoding_failed("json", RecursionError("stack")))
