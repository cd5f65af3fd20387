#!/usr/bin/env python3
"""freeze.py accepts what the rules allow and refuses, in a sentence, what they do not."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ABI = pathlib.Path(sys.argv.pop(1))
sys.dont_write_bytecode = True
sys.path.insert(0, str(ABI))
import freeze  # noqa: E402


class Rules(unittest.TestCase):
    def setUp(self):
        self.text = freeze.HEADER.read_text()

    def compare(self, *replacements):
        """What a header with these replacements breaks of today's."""
        text = self.text
        for old, new in replacements:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        with tempfile.TemporaryDirectory() as home:
            path = pathlib.Path(home) / "connector.h"
            path.write_text(text)
            return freeze.compare(freeze.Header(freeze.HEADER), freeze.Header(path), "1.0")

    def refused(self, part, *replacements):
        wrong = self.compare(*replacements)
        self.assertEqual(1, len(wrong), wrong)
        self.assertIn(part, wrong[0])

    def test_comments_and_layout_do_not_matter(self):
        self.assertEqual([], self.compare(("uint32_t flags;         /* 0 */", "uint32_t\n flags; // none")))

    def test_growth_at_the_end_is_allowed(self):
        self.assertEqual([], self.compare(("} penstock_error;", "  uint64_t more;\n} penstock_error;")))
        self.assertEqual([], self.compare(("PENSTOCK_E_DESTINATION = 13", "PENSTOCK_E_NEW = 14, PENSTOCK_E_DESTINATION = 13")))
        self.assertEqual([], self.compare(("ABI_MINOR 0u", "ABI_MINOR 1u")))

    def test_growth_in_the_middle(self):
        self.refused("penstock_error", ("  int64_t retry_after_ms;", "  int64_t more;\n  int64_t retry_after_ms;"))

    def test_growth_of_what_has_no_size(self):
        self.refused("must not grow", ("} penstock_str;", "  int more;\n} penstock_str;"))

    def test_another_type_of_the_same_width(self):
        self.refused("int64_t retry_after_ms", ("int64_t retry_after_ms;", "uint64_t retry_after_ms;"))

    def test_a_function_with_another_argument(self):
        self.refused("open", ("penstock_str config_json, penstock_destination** out);",
                              "const char* config_json, penstock_destination** out);"))

    def test_a_field_that_is_gone(self):
        self.refused("nothing there", ("  size_t n_values;\n} penstock_found;", "} penstock_found;"))

    def test_a_struct_that_is_gone(self):
        self.refused("struct penstock_sink", ("typedef struct penstock_sink {", "typedef struct penstock_drain {"))

    def test_a_value_that_changed(self):
        self.refused("PENSTOCK_SPLIT", ("PENSTOCK_SPLIT =\n      10", "PENSTOCK_SPLIT =\n      11"))
        self.refused("PENSTOCK_HOST_LOG", ("penstock.log/0", "penstock.log/1"))

    def test_a_callback_that_changed(self):
        self.refused("penstock_on_found", ("typedef void (*penstock_on_found)(void* user,",
                                           "typedef int (*penstock_on_found)(void* user,"))

    def test_the_entry_is_kept(self):
        self.refused("penstock_connector_entry_v0", ("penstock_connector_entry penstock_connector_entry_v0;",
                                                     "penstock_connector_entry penstock_connector_entry_v9;"))


class Program(unittest.TestCase):
    def run_it(self, *arguments):
        done = subprocess.run([sys.executable, "-B", ABI / "freeze.py", *arguments], capture_output=True, text=True)
        return done.returncode, done.stderr

    def test_the_tree_is_as_frozen(self):
        self.assertEqual((0, ""), self.run_it("check"))

    def test_a_changed_draft_is_refused(self):
        with tempfile.TemporaryDirectory() as home:
            path = pathlib.Path(home) / "connector.h"
            path.write_text(freeze.HEADER.read_text().replace("uint32_t flags;", "int32_t flags;", 1))
            code, said = self.run_it("check", str(path))
        self.assertEqual(1, code)
        self.assertIn("same PENSTOCK_DRAFT_ID", said)

    def test_a_draft_is_not_released(self):
        if freeze.Header(freeze.HEADER).major() == "0":
            code, said = self.run_it("release")
            self.assertEqual(2, code)
            self.assertIn("is a draft", said)

    def test_unknown_words(self):
        self.assertEqual(2, self.run_it("thaw")[0])


if __name__ == "__main__":
    unittest.main()
