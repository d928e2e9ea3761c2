"""Lines of C stand at the depth of the blocks that they are written in."""

from seqtasks.engine.native.emit.writer import Writer


def test_a_block_indents_what_is_written_inside_it():
    out = Writer()
    with out.block("static void f(void)"):
        with out.nested(["for (int i = 0; i < 2; ++i)", "for (int k = 0; k < 3; ++k)"]):
            out.line("x[i] = k;", "y[k] = i;")
        out.line("g();")
    assert out.text() == "\n".join(
        [
            "static void f(void) {",
            "    for (int i = 0; i < 2; ++i) {",
            "        for (int k = 0; k < 3; ++k) {",
            "            x[i] = k;",
            "            y[k] = i;",
            "        }",
            "    }",
            "    g();",
            "}",
        ]
    )


def test_another_writers_lines_are_taken_over_at_the_depth_reached():
    inner, out = Writer(), Writer()
    with inner.block():
        inner.line("f();")
    with out.block("else", "/* rarely */"):
        out.include(inner)
    assert out.text() == "else { /* rarely */\n    {\n        f();\n    }\n}"


def test_the_lines_of_a_part_stand_where_its_ends_stand():
    out = Writer()
    with out.deeper(), out.part("const long at = 0;"):
        out.line("f(at);")
    assert out.text() == "    { const long at = 0;\n    f(at);\n    }"


def test_a_writer_is_true_once_something_is_written():
    out = Writer()
    assert not out
    out.line("f();")
    assert out
