from pyro_http.classic import overview


def test_names_on_the_page_are_no_markup() -> None:
    page = overview(["shop.<script>alert('x')&\""])
    assert "<li><code>shop.&lt;script&gt;alert(&#x27;x&#x27;)&amp;&quot;</code></li>" in page
    assert "<script" not in page
