"""The models: what each learns from, how it is trained, and how it becomes ONNX. One model, one place."""
