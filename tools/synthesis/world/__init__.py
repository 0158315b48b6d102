"""Make speech of many languages, with texts from translation packages and multilingual voices."""
