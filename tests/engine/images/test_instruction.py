"""History entries without what builders put around them."""

import pytest

from engine.images.instruction import written


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("/bin/sh -c #(nop) ADD file:4fe5cb6e3 in / ", "ADD file /"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c make install # buildkit", "RUN make install"),
        ("|1 A=1 /bin/sh -c make", "RUN make"),
        ("COPY a b # buildkit", "COPY a b"),
        ("RUN a \\\n    && b", "RUN a \\ && b"),
        ("", ""),
    ],
)
def test_an_entry_is_what_its_author_wrote(raw: str, shown: str) -> None:
    assert written(raw) == shown
