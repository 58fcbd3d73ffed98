"""Any sound curve, for property tests."""

from hypothesis import strategies as st

from device.mapping.curve import MAX_BEND, Curve

RAW = st.floats(0.0, 1.0, allow_subnormal=False)


@st.composite
def tables(draw):
    """A table of points between the ends, further right and no lower from one to the next."""
    xs = draw(st.lists(st.integers(1, 999), min_size=1, max_size=8, unique=True))
    ys = draw(st.lists(RAW, min_size=len(xs), max_size=len(xs)))
    return Curve(
        "table", points=tuple(zip((x / 1000 for x in sorted(xs)), sorted(ys), strict=True))
    )


CURVES = st.one_of(
    st.just(Curve()),
    st.builds(
        Curve,
        st.sampled_from(["exponential", "s"]),
        st.floats(-MAX_BEND, MAX_BEND, allow_subnormal=False),
    ),
    tables(),
)
