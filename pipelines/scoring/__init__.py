"""Scoring: ONNX files run over tables in Spark. A score is a function of the input's version and the model's digest."""
