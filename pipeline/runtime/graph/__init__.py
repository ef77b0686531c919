"""The analysis and rewriting of a model's graph before OpenVINO compiles it, for any convolutional network."""
