"""Records that were not understood: found, shown safely, and judged anew when contracts have changed."""
