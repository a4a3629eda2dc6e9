import pytest

from pipelines.kernel.codecs.frame import CodecError, check_application_port, check_length, cut_off, wrong_port


@pytest.mark.parametrize("port", [1, 2, 85, 223])
def test_applications_use_ports_1_to_223(port):
    check_application_port(port)


@pytest.mark.parametrize("port", [-1, 0, 224, 256])
def test_other_ports_are_refused(port):
    with pytest.raises(CodecError, match=rf"expected port 1 to 223, got port {port}"):
        check_application_port(port)


@pytest.mark.parametrize(("size", "at"), [(0, 0), (10, 10), (12, 11), (500, 11)])
def test_a_wrong_length_is_wrong_from_the_first_byte_too_few_or_too_many(size, at):
    with pytest.raises(CodecError) as caught:
        check_length(bytes(size), 11)
    assert (caught.value.at, caught.value.expected, caught.value.got) == (at, "11 bytes", str(size))


def test_an_error_is_a_value_error_that_says_what_where_expected_and_got():
    error = CodecError("It is not", at=3, expected="this", got="that")
    assert isinstance(error, ValueError)
    assert str(error) == "It is not (byte 3): expected this, got that"
    assert (error.what, error.at, error.expected, error.got) == ("It is not", 3, "this", "that")
    assert str(cut_off(4, 2, bytes(5))) == "A block is cut off (byte 4): expected 2 bytes, got 1"
    assert str(wrong_port(7, "2")) == "The port is not the model's (byte 0): expected port 2, got port 7"
