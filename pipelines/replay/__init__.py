"""Records of bronze judged anew, whatever they were, and silver made so: a slice at a time, beside the stream."""
